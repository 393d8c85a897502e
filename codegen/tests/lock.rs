//! What `wire.lock` forbids, what it lets pass, and what the message says.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

use std::fs;
use std::path::PathBuf;

use dsoftbus_codegen::{Builder, Error};

const HEAD: &str = "@0xb0a1b2c3d4e5f600;\nusing Bus = import \"/dsoftbus/bus.capnp\";\n";

const DOOR: &str = "\
interface Door $Bus.channel(0x0101) {
  open @0 (code :UInt32, hint :Text) -> (info :Info);
  close @1 (info :Info) -> ();

  enum Error $Bus.errors { jammed @0; locked @1; }
}
struct Info {
  name @0 :Text;
  opened @1 :UInt32;
  color @2 :Color = blue;
  level @3 :UInt8 = 5;
  note @4 :Text = \"none\";
}
enum Color { red @0; blue @1; green @2; }
";

/// A directory of schemas.
struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    /// A project with [`DOOR`] in it and its lock.
    fn locked() -> Self {
        let project = Self::new();
        assert_eq!(project.accept(), Ok(()));
        project
    }

    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = Self { dir };
        project.write("door.capnp", DOOR);
        project
    }

    /// Writes a schema, given without file ID and imports.
    fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), format!("{HEAD}{text}")).unwrap();
    }

    /// Replaces text in the schema.
    #[track_caller]
    fn edit(&self, edits: &[(&str, &str)]) {
        let path = self.path("door.capnp");
        let mut text = fs::read_to_string(&path).unwrap();
        for (old, new) in edits {
            assert_eq!(text.matches(old).count(), 1, "`{old}` is not there once");
            text = text.replace(old, new);
        }
        fs::write(path, text).unwrap();
    }

    fn builder(&self, variable: &str) -> Builder {
        dsoftbus_codegen::configure()
            .schema_dir(self.dir.path())
            .out_dir(self.path("out"))
            .lock_variable(variable)
    }

    fn accept(&self) -> Result<(), Error> {
        self.builder("accept").compile(["door.capnp"])
    }

    fn build(&self) -> Result<(), Error> {
        self.builder("").compile(["door.capnp"])
    }

    /// The text of a failed build, with the lock called by its name alone.
    #[track_caller]
    fn refused(&self) -> String {
        let Err(Error::Lock(text)) = self.build() else {
            panic!("not refused by the lock: {:?}", self.build());
        };
        self.shorten(&text)
    }

    fn shorten(&self, text: &str) -> String {
        text.replace(&self.path("wire.lock").display().to_string(), "wire.lock")
    }

    fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    fn lock(&self) -> String {
        fs::read_to_string(self.path("wire.lock")).unwrap()
    }
}

/// How to accept, in a test of this package.
fn command() -> String {
    match std::env::var("CARGO_PKG_NAME") {
        Ok(package) => format!("DSOFTBUS_WIRE_LOCK=accept cargo build -p {package}"),
        Err(_) => "DSOFTBUS_WIRE_LOCK=accept cargo build".to_owned(),
    }
}

/// What the message says between its first line and the way out, after these edits.
#[track_caller]
fn broken(edits: &[(&str, &str)]) -> String {
    let project = Project::locked();
    project.edit(edits);
    body(&project.refused())
}

#[track_caller]
fn body(text: &str) -> String {
    let tail = format!(
        "\n\nPeers that were built before rely on the old lines: bring them back, and give what is new numbers of its own.\n\
        If there are no such peers, accept the change, which writes wire.lock again:\n  {}",
        command()
    );
    text.strip_prefix("the schemas changed what wire.lock holds fixed:\n\n")
        .unwrap()
        .strip_suffix(&tail)
        .unwrap()
        .to_owned()
}

#[test]
fn a_renumbered_method_breaks_the_lock() {
    let text = broken(&[
        (
            "open @0 (code :UInt32, hint :Text) -> (info :Info)",
            "open @1 (info :Info) -> ()",
        ),
        (
            "close @1 (info :Info) -> ()",
            "close @0 (code :UInt32, hint :Text) -> (info :Info)",
        ),
    ]);
    assert_eq!(
        text,
        "door.capnp:Door: method `open` is @1 now: it was renumbered
  - door.capnp:Door@0x9f2ed348af8c59b8 method @0 open: Door.open$Params@0xffaac8ffb5f2292a -> Door.open$Results@0xfdfbf769d59a9485
  + door.capnp:Door@0x9f2ed348af8c59b8 method @0 close: Door.close$Params@0xffaac8ffb5f2292a -> Door.close$Results@0xfdfbf769d59a9485

door.capnp:Door: method `close` is @0 now: it was renumbered
  - door.capnp:Door@0x9f2ed348af8c59b8 method @1 close: Door.close$Params@0x855dc42da0c4ae65 -> Door.close$Results@0xcb8f7b66f382dc8f
  + door.capnp:Door@0x9f2ed348af8c59b8 method @1 open: Door.open$Params@0x855dc42da0c4ae65 -> Door.open$Results@0xcb8f7b66f382dc8f"
    );
}

#[test]
fn a_method_with_another_struct_breaks_the_lock() {
    assert_eq!(
        broken(&[("(code :UInt32, hint :Text)", "Info")]),
        "door.capnp:Door: method `open` takes or returns other structs
  - door.capnp:Door@0x9f2ed348af8c59b8 method @0 open: Door.open$Params@0xffaac8ffb5f2292a -> Door.open$Results@0xfdfbf769d59a9485
  + door.capnp:Door@0x9f2ed348af8c59b8 method @0 open: Info@0x92331ed9cf736b0d -> Door.open$Results@0xfdfbf769d59a9485
    3 more lines went with it"
    );
}

#[test]
fn a_retyped_field_breaks_the_lock() {
    assert_eq!(
        broken(&[("opened @1 :UInt32", "opened @1 :Float32")]),
        "door.capnp:Info: field `opened` was retyped
  - door.capnp:Info@0x92331ed9cf736b0d field @1 opened: UInt32 at bits 0..32
  + door.capnp:Info@0x92331ed9cf736b0d field @1 opened: Float32 at bits 0..32"
    );
}

#[test]
fn a_retyped_parameter_breaks_the_lock() {
    assert_eq!(
        broken(&[("code :UInt32", "code :List(UInt32)")]),
        "door.capnp:Door.open$Params: field `code` was retyped
  - door.capnp:Door.open$Params@0xffaac8ffb5f2292a field @0 code: UInt32 at bits 0..32
  + door.capnp:Door.open$Params@0xffaac8ffb5f2292a field @0 code: List(UInt32) at pointer 0

door.capnp:Door.open$Params: field `hint` lies elsewhere
  - door.capnp:Door.open$Params@0xffaac8ffb5f2292a field @1 hint: Text at pointer 0
  + door.capnp:Door.open$Params@0xffaac8ffb5f2292a field @1 hint: Text at pointer 1"
    );
}

#[test]
fn a_moved_field_breaks_the_lock() {
    assert_eq!(
        broken(&[
            ("name @0 :Text", "name @1 :Text"),
            ("opened @1 :UInt32", "opened @0 :UInt32")
        ]),
        "door.capnp:Info: field `name` is @1 now: it was renumbered
  - door.capnp:Info@0x92331ed9cf736b0d field @0 name: Text at pointer 0
  + door.capnp:Info@0x92331ed9cf736b0d field @0 opened: UInt32 at bits 0..32

door.capnp:Info: field `opened` is @0 now: it was renumbered
  - door.capnp:Info@0x92331ed9cf736b0d field @1 opened: UInt32 at bits 0..32
  + door.capnp:Info@0x92331ed9cf736b0d field @1 name: Text at pointer 0"
    );
}

#[test]
fn a_reused_ordinal_breaks_the_lock() {
    assert_eq!(
        broken(&[("opened @1", "closed @1")]),
        "door.capnp:Info: field `opened` is `closed` now: it was renamed, or @1 was used again
  - door.capnp:Info@0x92331ed9cf736b0d field @1 opened: UInt32 at bits 0..32
  + door.capnp:Info@0x92331ed9cf736b0d field @1 closed: UInt32 at bits 0..32"
    );
    assert_eq!(
        broken(&[("close @1", "lock @1")]),
        "door.capnp:Door: method `close` is `lock` now: it was renamed, or @1 was used again
  - door.capnp:Door@0x9f2ed348af8c59b8 method @1 close: Door.close$Params@0x855dc42da0c4ae65 -> Door.close$Results@0xcb8f7b66f382dc8f
  + door.capnp:Door@0x9f2ed348af8c59b8 method @1 lock: Door.lock$Params@0x855dc42da0c4ae65 -> Door.lock$Results@0xcb8f7b66f382dc8f"
    );
}

#[test]
fn a_changed_channel_breaks_the_lock() {
    assert_eq!(
        broken(&[("0x0101", "0x0102")]),
        "door.capnp:Door: its channel changed
  - door.capnp:Door@0x9f2ed348af8c59b8 channel 0x0101
  + door.capnp:Door@0x9f2ed348af8c59b8 channel 0x0102"
    );
}

#[test]
fn a_changed_default_breaks_the_lock() {
    assert_eq!(
        broken(&[("= 5", "= 6"), ("none", "some")]),
        "door.capnp:Info: field `level` has another default
  - door.capnp:Info@0x92331ed9cf736b0d field @3 level: UInt8 at bits 48..56, default 5
  + door.capnp:Info@0x92331ed9cf736b0d field @3 level: UInt8 at bits 48..56, default 6

door.capnp:Info: field `note` has another default
  - door.capnp:Info@0x92331ed9cf736b0d field @4 note: Text at pointer 1, default digest:3c0d17bad169557b
  + door.capnp:Info@0x92331ed9cf736b0d field @4 note: Text at pointer 1, default digest:6035dc18f0bbd4d1"
    );
    assert_eq!(
        broken(&[(" = blue", "")]),
        "door.capnp:Info: field `color` has another default
  - door.capnp:Info@0x92331ed9cf736b0d field @2 color: Color@0x8a29b9f71d20726b at bits 32..48, default 1
  + door.capnp:Info@0x92331ed9cf736b0d field @2 color: Color@0x8a29b9f71d20726b at bits 32..48"
    );
}

#[test]
fn a_removed_method_breaks_the_lock() {
    assert_eq!(
        broken(&[("  close @1 (info :Info) -> ();\n", "")]),
        "door.capnp:Door: method `close` is gone
  - door.capnp:Door@0x9f2ed348af8c59b8 method @1 close: Door.close$Params@0x855dc42da0c4ae65 -> Door.close$Results@0xcb8f7b66f382dc8f
  + nothing
    3 more lines went with it"
    );
}

#[test]
fn a_removed_field_breaks_the_lock() {
    assert_eq!(
        broken(&[("  note @4 :Text = \"none\";\n", "")]),
        "door.capnp:Info: field `note` is gone
  - door.capnp:Info@0x92331ed9cf736b0d field @4 note: Text at pointer 1, default digest:3c0d17bad169557b
  + nothing"
    );
}

#[test]
fn a_removed_enumerant_breaks_the_lock() {
    assert_eq!(
        broken(&[(" green @2;", "")]),
        "door.capnp:Color: enumerant `green` is gone
  - door.capnp:Color@0x8a29b9f71d20726b enumerant @2 green
  + nothing"
    );
}

#[test]
fn a_removed_type_breaks_the_lock() {
    assert_eq!(
        broken(&[
            ("enum Color { red @0; blue @1; green @2; }\n", ""),
            ("Color = blue", "UInt16 = 1")
        ]),
        "door.capnp:Color is gone
  - door.capnp:Color@0x8a29b9f71d20726b enum
  + nothing
    3 more lines went with it

door.capnp:Info: field `color` was retyped
  - door.capnp:Info@0x92331ed9cf736b0d field @2 color: Color@0x8a29b9f71d20726b at bits 32..48, default 1
  + door.capnp:Info@0x92331ed9cf736b0d field @2 color: UInt16 at bits 32..48, default 1"
    );
}

#[test]
fn a_changed_order_of_enumerants_breaks_the_lock() {
    assert_eq!(
        broken(&[("jammed @0; locked @1", "locked @0; jammed @1")]),
        "door.capnp:Door.Error: enumerant `jammed` is @1 now: it was renumbered
  - door.capnp:Door.Error@0xdab7bc9ea2fc6500 enumerant @0 jammed
  + door.capnp:Door.Error@0xdab7bc9ea2fc6500 enumerant @0 locked

door.capnp:Door.Error: enumerant `locked` is @0 now: it was renumbered
  - door.capnp:Door.Error@0xdab7bc9ea2fc6500 enumerant @1 locked
  + door.capnp:Door.Error@0xdab7bc9ea2fc6500 enumerant @1 jammed"
    );
}

/// The IDs of a type without one of its own, and of everything in it, follow from its name.
#[test]
fn a_renamed_type_shows_as_gone_and_new() {
    assert_eq!(
        broken(&[("interface Door", "interface Gate")]),
        "door.capnp:Door is gone, door.capnp:Gate is new and like it
  - door.capnp:Door@0x9f2ed348af8c59b8 interface
  + door.capnp:Gate@0xf17304fc3ae59ddc interface
    14 more lines changed only as this one did
    an ID that is not written follows from the name: to keep this one, write `Gate @0x9f2ed348af8c59b8`"
    );
}

#[test]
fn what_else_changed_in_a_renamed_type_is_shown_too() {
    assert_eq!(
        broken(&[("interface Door", "interface Gate"), ("hint :Text", "hint :Data")]),
        "door.capnp:Door is gone, door.capnp:Gate is new and like it
  - door.capnp:Door@0x9f2ed348af8c59b8 interface
  + door.capnp:Gate@0xf17304fc3ae59ddc interface
    13 more lines changed only as this one did
    an ID that is not written follows from the name: to keep this one, write `Gate @0x9f2ed348af8c59b8`

door.capnp:Door.open$Params: field `hint` was retyped
  - door.capnp:Door.open$Params@0xffaac8ffb5f2292a field @1 hint: Text at pointer 0
  + door.capnp:Gate.open$Params@0xaf726d89383a3add field @1 hint: Data at pointer 0"
    );
}

#[test]
fn another_id_of_the_file_breaks_the_lock() {
    assert_eq!(
        broken(&[("b0a1b2c3d4e5f600", "b0a1b2c3d4e5f601")]),
        "door.capnp has another ID
  - door.capnp@0xb0a1b2c3d4e5f600 file
  + door.capnp@0xb0a1b2c3d4e5f601 file
    25 more lines changed only as this one did
    to keep its ID, write `@0xb0a1b2c3d4e5f600;` in it"
    );
}

#[test]
fn a_file_that_is_no_longer_compiled_breaks_the_lock() {
    let project = Project::locked();
    let other = "@0xb0a1b2c3d4e5f601; struct Other {}";
    fs::write(project.path("other.capnp"), other).unwrap();
    let Err(Error::Lock(text)) = project.builder("").compile(["other.capnp"]) else {
        panic!("not refused by the lock");
    };
    assert_eq!(
        body(&project.shorten(&text)),
        "door.capnp is no longer compiled
  - door.capnp@0xb0a1b2c3d4e5f600 file
  + nothing
    25 more lines went with it
    name it to `compile` again; a build that compiles other files needs a file of its own: `lock_file`"
    );
    let accepted = project.builder("accept").compile(["other.capnp"]);
    assert_eq!(accepted, Ok(()));
    assert!(!project.lock().contains("door.capnp"));
}

#[test]
fn a_rename_that_keeps_the_id_passes() {
    let project = Project::locked();
    project.edit(&[
        ("interface Door", "interface Gate @0x9f2ed348af8c59b8"),
        ("enum Color", "enum Tint @0x8a29b9f71d20726b"),
        (":Color", ":Tint"),
    ]);
    assert_eq!(project.build(), Ok(()));
    fs::rename(project.path("door.capnp"), project.path("gate.capnp")).unwrap();
    assert_eq!(project.builder("").compile(["gate.capnp"]), Ok(()));
}

#[test]
fn additions_pass() {
    let project = Project::locked();
    project.edit(&[
        ("hint :Text)", "hint :Text, more :Info)"),
        ("  close @1 (info :Info) -> ();", "  close @1 (info :Info) -> ();\n  lock @2 () -> (key :Key);"),
        ("locked @1;", "locked @1; onFire @2;"),
        ("  level @3 :UInt8 = 5;", "  level @3 :UInt8 = 5;\n  weight @5 :Float64 = 1.5;"),
        ("green @2; }", "green @2; grey @3; }\nstruct Key { bits @0 :Data; }\ninterface Window $Bus.channel(0x0102) {}"),
    ]);
    assert_eq!(project.build(), Ok(()));
    project.write("new.capnp", "struct New {}");
    let new = fs::read_to_string(project.path("new.capnp")).unwrap();
    fs::write(project.path("new.capnp"), new.replace("f600", "f601")).unwrap();
    assert_eq!(
        project.builder("").compile(["door.capnp", "new.capnp"]),
        Ok(())
    );
}

#[test]
fn order_and_comments_do_not_matter() {
    let project = Project::locked();
    let lock = project.lock();
    project.write(
        "door.capnp",
        "# A door.
enum Color { green @2; red @0; blue @1; }
const answer :UInt8 = 42;
struct Info {
  # What is known.
  note @4 :Text = \"none\";
  level @3 :UInt8 = 5; # How loud.
  color @2 :Color = blue;
  opened @1 :UInt32;
  name @0 :Text;
}
interface Door $Bus.level(0) $Bus.channel(0x0101) {
  enum Error $Bus.errors { locked @1 $Bus.code(aborted); jammed @0; }
  close @1 (info :Info) -> ();
  open @0 (code :UInt32, hint :Text) -> (info :Info);
}
",
    );
    assert_eq!(project.build(), Ok(()));
    assert_eq!(project.accept(), Ok(()));
    assert_eq!(project.lock(), lock);
}

#[test]
fn accepting_writes_the_lock() {
    let project = Project::new();
    assert_eq!(project.accept(), Ok(()));
    let lock = project.lock();
    let (head, facts) = lock.split_once("version 1\n").unwrap();
    assert_eq!(
        head,
        "# What peers that were built from these schemas rely on: one fact a line, written by dsoftbus-codegen.
# A build fails when the schemas no longer say what a line says. Names of files and types are for the reader,
# their IDs count; so do names of methods, fields and enumerants.
# To accept changes and add what is new, write this file again, and read its diff before it is committed:
#     DSOFTBUS_WIRE_LOCK=accept cargo build -p <the package that compiles these schemas>
"
    );
    assert_eq!(
        facts,
        "door.capnp@0xb0a1b2c3d4e5f600 file
door.capnp:Color@0x8a29b9f71d20726b enum
door.capnp:Color@0x8a29b9f71d20726b enumerant @0 red
door.capnp:Color@0x8a29b9f71d20726b enumerant @1 blue
door.capnp:Color@0x8a29b9f71d20726b enumerant @2 green
door.capnp:Door@0x9f2ed348af8c59b8 interface
door.capnp:Door@0x9f2ed348af8c59b8 channel 0x0101
door.capnp:Door@0x9f2ed348af8c59b8 method @0 open: Door.open$Params@0xffaac8ffb5f2292a -> Door.open$Results@0xfdfbf769d59a9485
door.capnp:Door@0x9f2ed348af8c59b8 method @1 close: Door.close$Params@0x855dc42da0c4ae65 -> Door.close$Results@0xcb8f7b66f382dc8f
door.capnp:Door.Error@0xdab7bc9ea2fc6500 enum
door.capnp:Door.Error@0xdab7bc9ea2fc6500 enumerant @0 jammed
door.capnp:Door.Error@0xdab7bc9ea2fc6500 enumerant @1 locked
door.capnp:Door.close$Params@0x855dc42da0c4ae65 struct
door.capnp:Door.close$Params@0x855dc42da0c4ae65 field @0 info: Info@0x92331ed9cf736b0d at pointer 0
door.capnp:Door.close$Results@0xcb8f7b66f382dc8f struct
door.capnp:Door.open$Params@0xffaac8ffb5f2292a struct
door.capnp:Door.open$Params@0xffaac8ffb5f2292a field @0 code: UInt32 at bits 0..32
door.capnp:Door.open$Params@0xffaac8ffb5f2292a field @1 hint: Text at pointer 0
door.capnp:Door.open$Results@0xfdfbf769d59a9485 struct
door.capnp:Door.open$Results@0xfdfbf769d59a9485 field @0 info: Info@0x92331ed9cf736b0d at pointer 0
door.capnp:Info@0x92331ed9cf736b0d struct
door.capnp:Info@0x92331ed9cf736b0d field @0 name: Text at pointer 0
door.capnp:Info@0x92331ed9cf736b0d field @1 opened: UInt32 at bits 0..32
door.capnp:Info@0x92331ed9cf736b0d field @2 color: Color@0x8a29b9f71d20726b at bits 32..48, default 1
door.capnp:Info@0x92331ed9cf736b0d field @3 level: UInt8 at bits 48..56, default 5
door.capnp:Info@0x92331ed9cf736b0d field @4 note: Text at pointer 1, default digest:3c0d17bad169557b
"
    );
}

#[test]
fn accepting_twice_gives_the_same_bytes() {
    let project = Project::locked();
    let lock = project.lock();
    let written = fs::metadata(project.path("wire.lock"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(project.accept(), Ok(()));
    assert_eq!(project.lock(), lock);
    let now = fs::metadata(project.path("wire.lock"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(now, written, "cargo would run the build script again");
}

#[test]
fn accepting_a_change_lets_it_pass() {
    let project = Project::locked();
    project.edit(&[("opened @1", "closed @1")]);
    project.refused();
    assert_eq!(project.accept(), Ok(()));
    assert_eq!(project.build(), Ok(()));
    assert!(project.lock().contains("field @1 closed: UInt32"));
}

#[test]
fn without_a_lock_nothing_is_checked_or_written() {
    let project = Project::new();
    assert_eq!(project.build(), Ok(()));
    project.edit(&[("opened @1", "closed @1")]);
    assert_eq!(project.build(), Ok(()));
    assert!(!project.path("wire.lock").exists());
}

#[test]
fn schemas_that_are_refused_are_not_accepted() {
    let project = Project::new();
    project.edit(&[(" $Bus.channel(0x0101)", " $Bus.channel(2)")]);
    assert!(matches!(project.accept(), Err(Error::Rules(_))));
    assert!(!project.path("wire.lock").exists());
}

#[test]
fn a_broken_lock_leaves_the_code_as_it_was() {
    let project = Project::locked();
    let code = fs::read(project.path("out/dsoftbus.rs")).unwrap();
    project.edit(&[("opened @1", "closed @1")]);
    project.refused();
    assert_eq!(fs::read(project.path("out/dsoftbus.rs")).unwrap(), code);
}

#[test]
fn the_lock_lies_where_it_is_said_to() {
    let project = Project::new();
    let builder = |variable| {
        project
            .builder(variable)
            .lock_file(project.path("locks/door"))
    };
    assert_eq!(builder("accept").compile(["door.capnp"]), Ok(()));
    assert!(!project.path("wire.lock").exists());
    project.edit(&[("opened @1", "closed @1")]);
    let error = builder("").compile(["door.capnp"]).unwrap_err();
    let first = format!(
        "the schemas changed what {} holds fixed:\n",
        project.path("locks/door").display()
    );
    assert!(matches!(error, Error::Lock(text) if text.starts_with(&first)));
}

#[test]
fn stored_requests_are_guarded_too() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let request = fs::read(golden.join("greeter.cgr")).unwrap();
    let project = Project::new();
    let builder = |variable| project.builder(variable).raw(false);
    assert_eq!(builder("accept").compile_request(&request), Ok(()));
    assert_eq!(
        builder("")
            .schema_dir(golden)
            .lock_file(project.path("wire.lock"))
            .compile(["greeter.capnp"]),
        Ok(())
    );
    assert_eq!(builder("").compile_request(&request), Ok(()));
    let lock = project.lock();
    fs::write(
        project.path("wire.lock"),
        lock.replace("@0 name: Text", "@0 who: Text"),
    )
    .unwrap();
    assert!(
        matches!(builder("").compile_request(&request), Err(Error::Lock(text)) if text.contains("field `who` is `name` now"))
    );
}

#[test]
fn embedded_schemas_are_covered_when_they_are_named() {
    let project = Project::locked();
    let all = ["door.capnp", "/dsoftbus/samgr.capnp"];
    assert_eq!(project.builder("accept").compile(all), Ok(()));
    let lock = project.lock();
    assert!(lock.contains("\ndsoftbus/samgr.capnp@0xf0b36d81c5e94a10 file\n"));
    assert!(!lock.contains("bus.capnp@"));
    assert!(body(&project.refused()).starts_with("dsoftbus/samgr.capnp is no longer compiled\n"));
}

#[test]
fn a_damaged_lock_is_named_with_its_line() {
    let project = Project::locked();
    let lock = project.lock();
    let path = project.path("wire.lock");
    let damaged = |text: &[u8]| {
        fs::write(&path, text).unwrap();
        let error = project.build().unwrap_err();
        assert!(matches!(error, Error::LockDamaged { .. }), "{error}");
        let text = error
            .to_string()
            .replace(&path.display().to_string(), "wire.lock");
        let text = text
            .strip_suffix("; restore the file, or write it again with `DSOFTBUS_WIRE_LOCK=accept`");
        text.unwrap().to_owned()
    };
    assert_eq!(
        damaged(
            lock.replace(
                "at bits 0..32\ndoor.capnp:Info",
                "at bits 0..\ndoor.capnp:Info"
            )
            .as_bytes()
        ),
        "wire.lock:29: `door.capnp:Info@0x92331ed9cf736b0d field @1 opened: UInt32 at bits 0..` is not a line of a lock file"
    );
    assert_eq!(
        damaged(
            lock.replace("door.capnp:Color", "<<<<<<< HEAD\ndoor.capnp:Color")
                .as_bytes()
        ),
        "wire.lock:8: `<<<<<<< HEAD` is not a line of a lock file"
    );
    assert_eq!(
        damaged(
            format!("{lock}door.capnp:Color@0x8a29b9f71d20726b enumerant @2 gray\n").as_bytes()
        ),
        "wire.lock:33: `door.capnp:Color@0x8a29b9f71d20726b enumerant @2 gray` is about the same as line 11"
    );
    assert_eq!(
        damaged(lock.replace("version 1", "version 2").as_bytes()),
        "wire.lock:6: `version 2` is not `version 1`: another release of dsoftbus-codegen wrote this file"
    );
    assert_eq!(
        damaged(lock.replace("version 1\n", "").as_bytes()),
        "wire.lock:6: `version 1` is missing"
    );
    assert_eq!(damaged(b""), "wire.lock:1: `version 1` is missing");
    assert_eq!(damaged(b"version 1\n\n\xff\n"), "wire.lock:3: not UTF-8");
    // Writing it again needs nothing of what it was.
    assert_eq!(project.accept(), Ok(()));
    assert_eq!(project.lock(), lock);
}

#[test]
fn a_lock_that_cannot_be_read_is_named() {
    let project = Project::new();
    fs::create_dir(project.path("wire.lock")).unwrap();
    assert!(matches!(
        project.build(),
        Err(Error::File { path, .. }) if path == project.path("wire.lock")
    ));
}

#[test]
fn a_mistaken_variable_is_named() {
    let error = Project::new()
        .builder("acept")
        .compile(["door.capnp"])
        .unwrap_err();
    assert_eq!(error, Error::LockVariable("acept".to_owned()));
    assert_eq!(
        error.to_string(),
        "DSOFTBUS_WIRE_LOCK is `acept`: set it to `accept`, or not at all"
    );
}
