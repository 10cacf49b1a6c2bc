"""The user's own files: bounded, one line for every fault, whatever lies at the path."""

from __future__ import annotations

import io
import os
import sys
import time
from types import SimpleNamespace

import pytest

from llmpick import estimating, reading
from llmpick.errors import LlmpickError
from llmpick.files import read_mapping


@pytest.mark.skipif(os.name == "nt", reason="no devices in the file system")
@pytest.mark.parametrize("read", [estimating.read_config, lambda path: read_mapping(str(path))], ids=["config", "yaml"])
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/"])
def test_a_device_or_a_folder_is_one_line_in_no_time(tmp_path, read, device):
    path = tmp_path / "given"
    path.symlink_to(device)
    began = time.monotonic()
    with pytest.raises(LlmpickError, match=r"larger than|not JSON|empty|cannot read") as raised:
        read(path)
    assert time.monotonic() - began < 2
    assert "\n" not in str(raised.value)


def test_a_name_with_a_nul_is_one_line(tmp_path):
    with pytest.raises(LlmpickError, match="cannot read"):
        reading.read_bytes(tmp_path / "a\0b", 10)


def test_what_comes_through_a_pipe_is_bounded_and_said_to_be(monkeypatch):
    data = b"task: chat\n#" + b"x" * reading.LARGEST_MAPPING
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    with pytest.raises(LlmpickError, match="stdin is larger than 1 MiB"):
        read_mapping("-")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xef\xbb\xbf{}", ""),
        (b"{}\r\n", ""),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a": "\xff"}', "not JSON"),
        ("{}".encode("utf-16"), "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_a_config_json_is_json_or_one_line(data, says):
    if not says:
        from llmpick.config_json import parse_config

        assert parse_config(data, "c") == {}
        return
    from llmpick.config_json import parse_config

    with pytest.raises(LlmpickError, match=says) as raised:
        parse_config(data, "c")
    assert "\n" not in str(raised.value)
