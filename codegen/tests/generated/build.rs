//! Generates the code of each fixture into a directory of its own, and that of the schemas of Cap'n Proto's own tests where they
//! lie beside the project.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Directory and schemas.
const FIXTURES: &[(&str, &[&str])] = &[
    ("any_pointer", &["any_pointer.capnp"]),
    (
        "base",
        &[
            "capabilities.capnp",
            "constants.capnp",
            "generics.capnp",
            "shared.capnp",
            "unions.capnp",
        ],
    ),
    ("broad", &["broad.capnp", "shared.capnp"]),
    (
        "bundled",
        &[
            "/dsoftbus/samgr.capnp",
            "/dsoftbus/bundlemgr.capnp",
            "/dsoftbus/bus.capnp",
        ],
    ),
    ("capabilities", &["capabilities.capnp"]),
    ("constants", &["constants.capnp"]),
    ("generics", &["generics.capnp"]),
    ("groups", &["groups.capnp"]),
    ("inheritance", &["inheritance.capnp"]),
    ("lists", &["lists.capnp"]),
    ("nested", &["greeter.capnp"]),
    ("recursion", &["recursion.capnp"]),
    ("renames", &["renames.capnp"]),
    ("streams", &["streams.capnp"]),
    ("unions", &["unions.capnp"]),
];

/// Where the schemas of Cap'n Proto's own tests may lie, from the root of the project.
const REFERENCE: &str = "../shared/corpus/capnproto/c++/src";

fn main() -> dsoftbus_codegen::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for (name, schemas) in FIXTURES {
        dsoftbus_codegen::configure()
            .schema_dir("../golden")
            .out_dir(out.join(name))
            .parent_module(match *name {
                "nested" => "api",
                "bundled" => "api::schemas",
                _ => "",
            })
            .pairs()
            .compile(*schemas)?;
    }
    let external = dsoftbus_codegen::configure()
        .schema_dir("../golden")
        .out_dir(out.join("external"))
        .pairs();
    [0x16, 0x15, 0x12, 0x03, 0x10]
        .into_iter()
        .fold(external, |builder, last| {
            builder.extern_module(0xb0a1_b2c3_d4e5_f600 | last, "::dsoftbus_generated_tests")
        })
        .compile(["external.capnp"])?;
    reference(&out.join("reference"))
}

fn reference(out: &Path) -> dsoftbus_codegen::Result<()> {
    let root = Path::new("../../..").join(REFERENCE);
    println!("cargo::rerun-if-changed={}", root.display());
    if root.is_dir() {
        return dsoftbus_codegen::configure()
            .schema_dir(root.join("capnp"))
            .import_path(&root)
            .out_dir(out)
            .pairs()
            .compile([
                "test.capnp",
                "test-import.capnp",
                "test-import2.capnp",
                "schema.capnp",
                "c++.capnp",
            ]);
    }
    let written = fs::create_dir_all(out)
        .and_then(|()| fs::write(out.join("dsoftbus.rs"), ""))
        .and_then(|()| fs::write(out.join("pairs.rs"), "pairs! {}"));
    written.expect("the output directory is writable");
    Ok(())
}
