//! Takes the schema blocks out of the guide and generates their code.

#[path = "src/markdown.rs"]
#[allow(dead_code)]
#[allow(unreachable_pub, reason = "the library has this module, too")]
mod markdown;

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
};

const GUIDE: &str = "../../codegen/GUIDE.md";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={GUIDE}");
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let guide = fs::read_to_string(GUIDE)?;

    // Every line stays where it is, so that errors name the line of the guide.
    let mut schema = vec![""; guide.lines().count()];
    for block in markdown::blocks(&guide) {
        if block.is(&["capnp"]) {
            for (place, line) in schema.iter_mut().skip(block.line).zip(block.lines) {
                *place = line;
            }
        }
    }
    let mut file = File::create(out_dir.join("guide.capnp"))?;
    writeln!(file, "{}", schema.join("\n"))?;
    // It is no newer than the guide: a file that this script wrote must not have cargo run it again.
    file.set_modified(fs::metadata(GUIDE)?.modified()?)?;

    dsoftbus_codegen::configure()
        .schema_dir(&out_dir)
        .compile(["guide.capnp"])?;
    Ok(())
}
