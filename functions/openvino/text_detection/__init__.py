"""PP-OCR: finds lines of text and reads them."""
