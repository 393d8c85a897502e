//! Our requests mean what the reference compiler's mean, and generate the same code.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

mod common;

use common::{
    Failures, Question, canonical, corpus, crate_dir, files_below, generated, is_newer,
    reference_is_here, tests_dir,
};
use std::path::{Path, PathBuf};

/// What is wrong with our answer, measured by the reference's.
fn compare(question: &Question, expected: &[u8]) -> Vec<String> {
    match question.ours() {
        Err(errors) => vec![format!("refused: {errors}")],
        Ok(actual) => {
            let mut wrong = canonical::differences(expected, &actual);
            wrong.extend(generated::differences(expected, &actual));
            wrong
        }
    }
}

#[test]
fn own_schemas_mean_what_the_stored_requests_mean() {
    let mut failures = Failures::default();
    let schemas = tests_dir().join("schemas");
    for schema in files_below(&schemas, ".capnp") {
        let name = schema.strip_prefix(&schemas).unwrap();
        let fixture = tests_dir()
            .join("fixtures")
            .join(format!("{}.cgr", name.display()));
        let expected = std::fs::read(&fixture)
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.display()));
        failures.note(&name.display(), compare(&Question::own(&schema), &expected));
    }
    failures.finish("own schemas");
}

#[test]
fn several_files_make_one_request() {
    let expected = std::fs::read(tests_dir().join("fixtures/several.cgr")).unwrap();
    let schemas = tests_dir().join("schemas");
    let mut question = Question::own(Path::new(""));
    question.files = [
        "imports/main.capnp",
        "imports/unused.capnp",
        "imports/deep/middle.capnp",
    ]
    .map(|file| schemas.join(file))
    .to_vec();
    let wrong = compare(&question, &expected);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn older_words_mean_what_newer_words_mean() {
    let mut failures = Failures::default();
    let newer = tests_dir().join("schemas");
    for schema in files_below(&newer.join("newer"), ".capnp") {
        let name = schema.strip_prefix(&newer).unwrap();
        let mut question = Question::own(&tests_dir().join("spelled-out").join(name));
        question.src_prefixes = vec![tests_dir().join("spelled-out")];
        let wrong = match question.ours() {
            Ok(spelled_out) => compare(&Question::own(&schema), &spelled_out),
            Err(errors) => vec![format!("refused: {errors}")],
        };
        failures.note(&name.display(), wrong);
    }
    failures.finish("schemas in words of release 1.x");
}

#[test]
fn public_schemas_mean_what_the_stored_requests_mean() {
    let Some(corpus) = corpus("public schemas") else {
        return;
    };
    let mut failures = Failures::default();
    let reference = corpus.join("reference");
    let copy = tempfile::tempdir().unwrap();
    copy_resolving_links(&corpus, copy.path());
    for fixture in files_below(&reference, ".capnp.cgr") {
        let name = fixture.strip_prefix(&reference).unwrap().with_extension("");
        let expected = std::fs::read(&fixture).unwrap();
        failures.note(
            &name.display(),
            compare(&public(copy.path(), &name), &expected),
        );
    }
    failures.finish("public schemas");
}

/// The question that the corpus's own script puts to the reference.
fn public(corpus: &Path, name: &Path) -> Question {
    let file = corpus.join(name);
    let standard = corpus.join("capnproto/c++/src");
    let cpp = ["capnproto/c++/src", "capnproto/c++/samples"]
        .into_iter()
        .find(|root| name.starts_with(root));
    let import_paths: Vec<PathBuf> = if cpp.is_some() {
        vec![standard]
    } else {
        vec![
            corpus.join("capnproto-rust/capnpc"),
            file.parent()
                .expect("a schema lies in a directory")
                .to_owned(),
            standard,
        ]
    };
    Question {
        import_paths,
        src_prefixes: vec![corpus.join(cpp.unwrap_or("capnproto-rust"))],
        files: vec![file],
    }
}

/// Copies a tree; a file that holds nothing but a path (a link as an archive without links has it) becomes its target.
fn copy_resolving_links(from: &Path, to: &Path) {
    for file in files_below(from, "")
        .iter()
        .filter(|file| !file.starts_with(from.join("reference")))
    {
        let target = to.join(file.strip_prefix(from).expect("the file lies below"));
        std::fs::create_dir_all(target.parent().expect("a file lies in a directory"))
            .expect("the directory can be made");
        let linked = std::fs::read_to_string(file)
            .ok()
            .filter(|text| text.len() < 100 && text.ends_with(".capnp"));
        let source = linked
            .map(|path| {
                file.parent()
                    .expect("a schema lies in a directory")
                    .join(path)
            })
            .filter(|path| path.is_file());
        std::fs::copy(source.as_ref().unwrap_or(file), target).expect("the file can be copied");
    }
}

#[test]
fn own_schemas_mean_what_the_installed_reference_says() {
    if !reference_is_here("live comparison") {
        return;
    }
    let mut failures = Failures::default();
    let schemas = tests_dir().join("schemas");
    let standard = crate_dir().join("std");
    for schema in files_below(&schemas, ".capnp")
        .into_iter()
        .chain(files_below(&standard, ".capnp"))
    {
        let mut question = Question::own(&schema);
        question.src_prefixes.push(standard.clone());
        match question.reference().unwrap() {
            Ok(expected) => failures.note(&schema.display(), compare(&question, &expected)),
            Err(error) if schema.starts_with(schemas.join("newer")) => {
                println!(
                    "{}: not read by the installed release: {}",
                    schema.display(),
                    error.lines().next().unwrap_or("")
                );
            }
            Err(error) => failures.note(
                &schema.display(),
                vec![format!("the reference refuses it: {error}")],
            ),
        }
    }
    failures.finish("own and standard schemas, live");
}

/// The comparison itself: a change anywhere in a request is noticed.
#[test]
fn a_changed_request_is_noticed() {
    use capnp::message::{Builder, ReaderOptions};
    use capnp::schema_capnp::{code_generator_request, node};

    let bytes = std::fs::read(tests_dir().join("fixtures/lexical/docs.capnp.cgr")).unwrap();
    assert_eq!(canonical::differences(&bytes, &bytes), Vec::<String>::new());

    let change = |edit: &dyn Fn(code_generator_request::Builder<'_>)| {
        let original = capnp::serialize::read_message(&bytes[..], ReaderOptions::new()).unwrap();
        let mut copy = Builder::new_default();
        copy.set_root(
            original
                .get_root::<code_generator_request::Reader<'_>>()
                .unwrap(),
        )
        .unwrap();
        edit(copy.get_root().unwrap());
        capnp::serialize::write_message_to_words(&copy)
    };
    let edits: [&dyn Fn(code_generator_request::Builder<'_>); 6] = [
        &|request| request.get_nodes().unwrap().get(1).set_id(7),
        &|request| {
            request
                .get_nodes()
                .unwrap()
                .get(1)
                .set_display_name_prefix_length(3)
        },
        &|request| {
            let mut nodes = request.get_nodes().unwrap();
            for index in 0..nodes.len() {
                if let Ok(node::Struct(mut body)) = nodes.reborrow().get(index).which() {
                    body.set_data_word_count(77);
                }
            }
        },
        &|request| {
            request
                .get_requested_files()
                .unwrap()
                .get(0)
                .set_filename("other")
        },
        &|request| {
            request
                .get_source_info()
                .unwrap()
                .get(0)
                .set_doc_comment("other")
        },
        &|request| {
            let mut infos = request.get_source_info().unwrap();
            for index in 0..infos.len() {
                let mut members = infos.reborrow().get(index).get_members().unwrap();
                for member in 0..members.len() {
                    members.reborrow().get(member).set_doc_comment("other");
                }
            }
        },
    ];
    for (number, edit) in edits.iter().enumerate() {
        let changed = change(edit);
        assert!(
            !canonical::differences(&bytes, &changed).is_empty(),
            "edit {number} goes unnoticed"
        );
        assert!(
            !canonical::differences(&changed, &bytes).is_empty(),
            "edit {number} goes unnoticed"
        );
    }
    assert_eq!(
        canonical::differences(&bytes, &change(&|_| ())),
        Vec::<String>::new()
    );
}

/// Schemas of whoever runs this: `CAPNP_SCHEMAS` names directories, separated like those of `PATH`.
#[test]
fn schemas_from_elsewhere_mean_what_the_installed_reference_says() {
    let Some(directories) = std::env::var_os("CAPNP_SCHEMAS") else {
        println!("skipped: CAPNP_SCHEMAS names no directories");
        return;
    };
    if !reference_is_here("schemas from elsewhere") {
        return;
    }
    let mut failures = Failures::default();
    let mut refused = 0;
    for directory in std::env::split_paths(&directories) {
        for file in files_below(&directory, ".capnp") {
            // Nearest directories first, as people set their import paths.
            let mut import_paths = file
                .ancestors()
                .skip(1)
                .map(Path::to_owned)
                .collect::<Vec<_>>();
            import_paths.retain(|path| path.starts_with(&directory));
            import_paths.push(crate_dir().join("std"));
            let question = Question {
                import_paths,
                src_prefixes: vec![directory.clone()],
                files: vec![file.clone()],
            };
            let wrong = match (question.reference().unwrap(), question.ours()) {
                (Ok(expected), Ok(_)) => compare(&question, &expected),
                (Err(_), Err(_)) => {
                    refused += 1;
                    Vec::new()
                }
                (Ok(_), Err(errors)) => vec![format!("only we refuse: {errors}")],
                (Err(errors), Ok(_)) if is_newer(&errors) => Vec::new(),
                (Err(errors), Ok(_)) => vec![format!("only the reference refuses: {errors}")],
            };
            failures.note(&file.display(), wrong);
        }
    }
    println!("{refused} refused by both");
    failures.finish("schemas from elsewhere");
}
