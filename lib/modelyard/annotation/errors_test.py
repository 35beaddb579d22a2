from modelyard.annotation.errors import RequestError


def test_a_message_is_one_line() -> None:
    error = RequestError(400, "image: \n not\r\n base64\t!")

    assert error.status == 400
    assert error.message == "image: not base64 !"
    assert str(error) == error.message
