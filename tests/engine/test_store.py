"""The networks on disk: what is found there, what is not, and what survives bad files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from engine import documents
from engine.conftest import engine_on
from engine.machines import MemoryMachine
from pasarela.engine.engine import Engine
from pasarela.engine.header import BadHeader, Header, read_header
from pasarela.errors import NetworkNotFound, OperationFailed, PasarelaError, SystemCallFailed
from pasarela.model.handles import NetworkRef
from pasarela.model.paths import Paths

UUID_1 = UUID("11111111-2222-4333-8444-555555555555")


def names(engine: Engine) -> list[str]:
    return [ref.name for ref in engine.list_networks()]


def put(paths: Paths, name: str, text: str) -> None:
    paths.config.mkdir(parents=True, exist_ok=True)
    paths.definition(name).write_text(text)


class TestHeader:
    def test_reads_a_definition(self) -> None:
        text = (
            f"<!-- <name>no</name> --><network connections='1'><name>a&amp;b</name>"
            f"<uuid>{UUID_1}</uuid><forward mode='route'/><bridge name='br'/>"
            "<metadata><x><name>other</name><uuid>bad</uuid></x></metadata></network>"
        )
        assert read_header(text.encode()) == Header("a&b", UUID_1, "br", False, "route")

    def test_reads_a_status_document(self) -> None:
        text = (
            "<networkstatus><class_id bitmap='0-2'/><floor sum='0'/><network><name>n</name>"
            "<mac address='52:54:00:00:00:01'/></network><firewall><name>fwRemoval</name>"
            "</firewall></networkstatus>"
        )
        assert read_header(text.encode()) == Header("n", None, None, True, "none")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "<network><name>a</name>",
            "<domain><name>a</name></domain>",
            "<network/>",
            "<network><name>a</name><uuid>12</uuid></network>",
            "<!DOCTYPE network [<!ENTITY a 'b'>]><network><name>&a;</name></network>",
            "\x00",
        ],
    )
    def test_refuses_what_is_no_networks_document(self, text: str) -> None:
        with pytest.raises(BadHeader):
            read_header(text.encode())


class TestFilesPutThereByHand:
    def test_a_libvirt_installations_networks_are_found(self, engine: Engine, paths: Paths) -> None:
        put(paths, "n0", documents.with_uuid(documents.nat(), UUID_1))
        assert engine.lookup_by_name("n0").uuid == UUID_1

    def test_bad_files_do_not_stop_the_others(self, engine: Engine, paths: Paths) -> None:
        engine.define_xml(documents.nat(1))
        put(paths, "broken", "<network><name>broken</name>")
        put(paths, "another", documents.nat(2))
        put(paths, "readme", "no xml at all")
        assert names(engine) == ["n1"]
        warnings = "\n".join(engine.take_warnings())
        for name in ("broken", "another", "readme"):
            assert str(paths.definition(name)) in warnings
        assert "does not match the network's name 'n2'" in warnings

    def test_what_is_no_file_does_not_stop_the_others(self, engine: Engine, paths: Paths) -> None:
        put(paths, "n0", documents.nat())
        (paths.config / "folder.xml").mkdir()
        os.mkfifo(paths.config / "pipe.xml")
        (paths.config / "nowhere.xml").symlink_to("/nowhere")
        assert names(engine) == ["n0"]
        assert sorted(engine.take_warnings()) == [
            f"{paths.config}/folder.xml: it is no regular file",
            f"{paths.config}/pipe.xml: it is no regular file",
        ]
        engine.start(engine.lookup_by_name("n0"))

    def test_a_bad_file_is_found_again_once_it_is_mended(
        self, engine: Engine, paths: Paths
    ) -> None:
        put(paths, "n0", "<network>")
        assert names(engine) == []
        put(paths, "n0", documents.nat())
        os.utime(paths.config)
        assert names(engine) == ["n0"]

    def test_uuid_and_mac_are_generated_and_written_back(
        self, engine: Engine, paths: Paths
    ) -> None:
        put(paths, "n0", documents.nat())
        uuid = engine.lookup_by_name("n0").uuid
        text = paths.definition("n0").read_text()
        assert f"<uuid>{uuid}</uuid>" in text
        assert "<mac address='52:54:00:" in text

    def test_a_document_that_makes_no_sense_is_listed_and_says_so_when_used(
        self, engine: Engine, paths: Paths
    ) -> None:
        text = documents.with_uuid(documents.nat(), UUID_1).replace("'nat'", "'router'")
        put(paths, "n0", text)
        ref = engine.lookup_by_name("n0")
        with pytest.raises(Exception, match="router") as error:
            engine.xml_desc(ref)
        assert str(paths.definition("n0")) in str(error.value.location)
        engine.undefine(ref)
        assert names(engine) == []

    def test_one_that_cannot_be_completed_stops_nobody_else(
        self, engine: Engine, paths: Paths
    ) -> None:
        put(paths, "n0", documents.nat().replace("'nat'", "'router'"))
        ref = engine.define_xml(documents.nat(1))
        assert names(engine) == ["n1"]
        assert str(paths.definition("n0")) in "\n".join(engine.take_warnings())
        engine.undefine(ref)

    def test_temporary_files_of_killed_commands_go_with_the_next_one(
        self, engine: Engine, paths: Paths
    ) -> None:
        put(paths, "n0", documents.nat())
        leftover = paths.config / "n1.xml.new"
        leftover.write_text("<netw")
        engine.set_autostart(engine.lookup_by_name("n0"), True)
        assert not leftover.exists()


class TestASlipOfTheEditor:
    """A definition that somebody broke by hand is there all the same."""

    @pytest.fixture
    def running(self, engine: Engine, paths: Paths) -> NetworkRef:
        ref = engine.define_xml(documents.nat())
        engine.set_autostart(ref, True)
        engine.start(ref)
        broken = paths.definition("n0").read_text().replace("</ip>", "<ip>")
        put(paths, "n0", broken)
        os.utime(paths.config)
        return ref

    def test_does_not_make_a_running_network_transient(
        self, engine: Engine, paths: Paths, running: NetworkRef
    ) -> None:
        leases = paths.dnsmasq_leases("n0")
        leases.parent.mkdir(parents=True, exist_ok=True)
        leases.write_text("0 52:54:00:aa:00:01 10.0.0.7 one *\n")
        assert engine.is_persistent(running)
        assert engine.autostart(running)
        engine.destroy(running)
        assert leases.exists()

    def test_is_named_where_the_network_is_looked_for(
        self, engine: Engine, paths: Paths, running: NetworkRef
    ) -> None:
        with pytest.raises(PasarelaError, match="mismatch") as edited:
            engine.xml_desc(running, inactive=True)
        assert str(paths.definition("n0")) in str(edited.value.location)
        engine.destroy(running)
        with pytest.raises(NetworkNotFound) as error:
            engine.lookup_by_name("n0")
        assert f"{paths.definition('n0')}: not well-formed" in str(error.value.remedy)
        assert "line " in str(error.value.remedy)
        assert "correct it (pasarela net-edit n0), or remove that file" in str(error.value.remedy)

    @pytest.mark.parametrize("verb", ["define_xml", "create_xml"])
    def test_is_not_overwritten(
        self, engine: Engine, paths: Paths, running: NetworkRef, verb: str
    ) -> None:
        engine.destroy(running)
        before = paths.definition("n0").read_text()
        with pytest.raises(OperationFailed, match=r"cannot be read: .*/n0.xml: not well") as error:
            getattr(engine, verb)(documents.isolated())
        assert error.value.remedy == f"correct {paths.definition('n0')}, or remove it"
        assert paths.definition("n0").read_text() == before

    @pytest.mark.parametrize(
        "text",
        [
            documents.nat(2),
            documents.nat().replace("'nat'", "'router'"),
            documents.nat().replace("</name>", "</name><uuid>12</uuid>"),
        ],
        ids=["another name", "no uuid and no sense", "no uuid"],
    )
    def test_other_slips_too(self, engine: Engine, paths: Paths, text: str) -> None:
        put(paths, "n0", text)
        with pytest.raises(OperationFailed, match=str(paths.definition("n0"))):
            engine.define_xml(documents.isolated())
        assert paths.definition("n0").read_text() == text
        paths.definition("n0").unlink()
        engine.define_xml(documents.isolated())

    def test_undefine_takes_the_file_away(
        self, engine: Engine, paths: Paths, running: NetworkRef
    ) -> None:
        engine.undefine(running)
        assert not paths.definition("n0").exists()
        assert not engine.is_persistent(running)


class TestOtherProcesses:
    def test_two_engines_see_what_the_other_does(self, root: Path, machine: MemoryMachine) -> None:
        one, other = engine_on(root, machine), engine_on(root, machine)
        ref = one.define_xml(documents.nat())
        assert names(other) == ["n0"]
        other.start(ref)
        assert one.is_active(ref)
        one.define_xml(documents.with_uuid(documents.isolated(), ref.uuid))
        assert "<forward" not in other.xml_desc(ref, inactive=True)
        other.destroy(ref)
        one.undefine(ref)
        assert names(other) == []

    def test_files_are_private(self, engine: Engine, paths: Paths) -> None:
        engine.start(engine.define_xml(documents.nat()))
        for path in (paths.definition("n0"), paths.status("n0")):
            assert path.stat().st_mode & 0o777 == 0o600

    def test_a_name_that_ends_a_comment_does_not(self, engine: Engine, paths: Paths) -> None:
        ref = engine.define_xml(documents.nat().replace("<name>n0<", "<name>a--&gt;b<"))
        assert engine_on(Path(paths.config).parents[3], MemoryMachine()).list_networks() == [ref]


def test_unreadable_directories_are_an_error_that_says_so(
    engine: Engine, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SystemCallFailed, match="Permission denied") as error:
        engine.list_networks()
    assert error.value.remedy is not None


def test_listing_imports_no_lxml(root: Path, engine: Engine) -> None:
    engine.start(engine.define_xml(documents.nat()))
    program = (
        "import sys\n"
        "from pasarela.client.embedded import open_embedded\n"
        f"engine = open_embedded({str(root)!r})\n"
        "refs = engine.list_networks()\n"
        "print([(ref.name, engine.is_active(ref), engine.autostart(ref)) for ref in refs])\n"
        "print(sorted({'lxml', 'subprocess', 'socket', 'json'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[('n0', True, False)]", "[]"]
