from pages.conftest import MakePage
from pages.document import Block, Span

PAGE = """\
# First steps

Run `./pants test ::`, see [there](other.md#a-place), ![seen](seen.png).

## What's *new*, and why?

```sh docker
echo one
```

| Name | What |
|---|---|
| `cell` | [link](cell.md) |

    indented

- item

  ```json
  {}
  ```
"""


def test_a_page_is_read(make_page: MakePage) -> None:
    page = make_page(PAGE)
    assert page.anchors == {"first-steps", "whats-new-and-why"}
    assert [link.text for link in page.links] == ["other.md#a-place", "seen.png", "cell.md"]
    assert page.codes == (Span(3, "./pants test ::"), Span(13, "cell"))
    assert page.blocks == (
        Block(7, ("sh", "docker"), "echo one\n"),
        Block(15, (), "indented\n"),
        Block(19, ("json",), "{}\n"),
    )


def test_headings_of_one_text_get_anchors_of_their_own(make_page: MakePage) -> None:
    assert make_page("# One\n\n# One\n").anchors == {"one", "one-1"}
