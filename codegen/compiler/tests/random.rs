//! Random schemas: where the reference compiler is installed, both accept the same ones and mean the same by them.
//!
//! `CAPNP_RANDOM_CASES` asks for more than the usual number, `CAPNP_RANDOM_SEED` for one seed alone.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

mod common;

use common::{
    Failures, Question, canonical, files_below, generated, is_newer, mutate, random,
    reference_is_here, tests_dir,
};
use std::path::{Path, PathBuf};

/// A few hundred find most differences within seconds.
const CASES: u64 = 300;

/// Code is generated for one of so many: it is slow, and follows from the nodes.
const GENERATE_EVERY: u64 = 20;

fn question(dir: &Path, schema: &[random::File]) -> Question {
    for file in schema {
        std::fs::write(dir.join(&file.name), &file.text).unwrap();
    }
    Question {
        import_paths: vec![common::crate_dir().join("std")],
        src_prefixes: vec![dir.to_owned()],
        files: schema.iter().map(|file| dir.join(&file.name)).collect(),
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn random_schemas_mean_what_the_installed_reference_says() {
    if !reference_is_here("random schemas") {
        return;
    }
    let seeds = match number("CAPNP_RANDOM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CAPNP_RANDOM_CASES").unwrap_or(CASES),
    };
    let mut failures = Failures::default();
    let (mut accepted, mut crashed) = (0, 0);
    let cases = seeds.end - seeds.start;
    for seed in seeds {
        let dir = tempfile::tempdir().unwrap();
        let question = question(dir.path(), &random::schema(seed));
        let wrong = match (question.reference().unwrap(), question.ours()) {
            (Ok(expected), Ok(actual)) => {
                accepted += 1;
                let mut wrong = canonical::differences(&expected, &actual);
                if seed % GENERATE_EVERY == 0 {
                    wrong.extend(generated::differences(&expected, &actual));
                }
                wrong
            }
            (Err(error), _) if error.contains("Received signal") => {
                crashed += 1;
                Vec::new()
            }
            (Err(_), Err(_)) => Vec::new(),
            (Ok(_), Err(errors)) => vec![format!("only we refuse: {errors}")],
            (Err(errors), Ok(_)) => vec![format!("only the reference refuses: {errors}")],
        };
        if !wrong.is_empty() && cases == 1 {
            println!("kept in {}", dir.keep().display());
        }
        failures.note(&format_args!("seed {seed}"), wrong);
    }
    println!("{accepted} of {cases} accepted by both, the reference crashed on {crashed}");
    assert!(
        cases < 50 || accepted * 2 > cases,
        "most random schemas should be valid"
    );
    failures.finish("random schemas");
}

/// Mistakes in our own schemas and in random ones: refused by both or by none, and then meaning the same.
#[test]
fn mutated_schemas_are_accepted_or_refused_as_by_the_installed_reference() {
    if !reference_is_here("mutated schemas") {
        return;
    }
    let seeds = match number("CAPNP_RANDOM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CAPNP_RANDOM_CASES").unwrap_or(CASES),
    };
    let schemas = files_below(&tests_dir().join("schemas"), ".capnp");
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("schemas");
    for file in files_below(&tests_dir().join("schemas"), "") {
        let copy = root.join(file.strip_prefix(tests_dir().join("schemas")).unwrap());
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(file, copy).unwrap();
    }
    let mut failures = Failures::default();
    let mut accepted = 0;
    for seed in seeds {
        let original = &schemas[usize::try_from(seed).unwrap() % schemas.len()];
        let (path, text) = if seed % 3 == 0 {
            (
                root.join("random.capnp"),
                random::schema(seed).swap_remove(0).text,
            )
        } else {
            let name = original.strip_prefix(tests_dir().join("schemas")).unwrap();
            (root.join(name), std::fs::read_to_string(original).unwrap())
        };
        let mutated = mutate::mutate(&text, seed);
        std::fs::write(&path, &mutated).unwrap();
        let question = Question {
            import_paths: vec![tests_dir().join("include"), common::crate_dir().join("std")],
            src_prefixes: vec![root.clone()],
            files: vec![path.clone()],
        };
        let wrong = match (question.reference().unwrap(), question.ours()) {
            (Ok(expected), Ok(actual)) => {
                accepted += 1;
                canonical::differences(&expected, &actual)
            }
            (Err(_), Err(_)) => Vec::new(),
            (Ok(_), Err(errors)) => vec![format!("only we refuse: {errors}")],
            (Err(errors), Ok(_)) if is_newer(&errors) => Vec::new(),
            (Err(errors), Ok(_)) => vec![format!("only the reference refuses: {errors}")],
        };
        if !wrong.is_empty() {
            std::fs::write(tmp().join(format!("mutated-{seed}.capnp")), &mutated).unwrap();
        }
        failures.note(
            &format_args!(
                "seed {seed}, {}",
                path.strip_prefix(&root).unwrap().display()
            ),
            wrong,
        );
        std::fs::write(&path, &text).unwrap();
    }
    println!("{accepted} accepted by both");
    failures.finish("mutated schemas");
}

/// Where the schemas are kept that failed.
fn tmp() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

/// Without the reference: the generator is deterministic, and whatever it makes we answer without panicking.
#[test]
fn random_schemas_are_answered() {
    let dir = tempfile::tempdir().unwrap();
    let mut accepted = 0;
    for seed in 1_000_000..1_000_050 {
        let schema = random::schema(seed);
        assert!(
            schema
                .iter()
                .zip(random::schema(seed))
                .all(|(one, two)| one.text == two.text)
        );
        accepted += usize::from(question(dir.path(), &schema).ours().is_ok());
    }
    assert!(
        accepted > 25,
        "only {accepted} of 50 random schemas are accepted"
    );
}
