"""PP-OCR: detects and recognises lines of text."""
