//! A schema of the size that a real system reaches: 100 methods in five services, 50 structs.
//!
//! Ten subjects (devices, jobs, ...) have the same five structs and ten methods each, but scalars of other types, so that the
//! code for them differs as that for a schema written by hand would.

use std::fmt::Write as _;

/// Name of the file.
pub(crate) const FILE: &str = "synthetic.capnp";

/// Services, the domain they have to themselves, and what they are about.
const SERVICES: [(&str, [&str; 2]); 5] = [
    ("Inventory", ["Device", "Sensor"]),
    ("Accounts", ["User", "Role"]),
    ("Software", ["Package", "Update"]),
    ("Scheduler", ["Job", "Queue"]),
    ("Storage", ["Volume", "Snapshot"]),
];

/// Logical channel of the first service; the others follow.
const FIRST_CHANNEL: usize = 0x0300;

/// Structs of one subject. `%` stands for its name.
const STRUCTS: [(&str, &[&str]); 5] = [
    (
        "%Info",
        &[
            "id :UInt64",
            "name :Text",
            "state :%State",
            "digest :Data",
            "labels :List(Text)",
            "enabled :Bool",
        ],
    ),
    (
        "%Status",
        &[
            "info :%Info",
            "load :Float64",
            "errors :UInt32",
            "lastError :Text",
            "history :List(UInt64)",
        ],
    ),
    (
        "%Settings",
        &[
            "interval :UInt32 = 30",
            "retries :UInt8 = 3",
            "host :Text",
            "port :UInt16",
            "key :Data",
            "verbose :Bool = true",
            "thresholds :List(Float64)",
        ],
    ),
    (
        "%Query",
        &[
            "namePrefix :Text",
            "states :List(%State)",
            "limit :UInt32 = 100",
            "after :UInt64",
        ],
    ),
    (
        "%Report",
        &[
            "status :%Status",
            "settings :%Settings",
            "entries :List(%Info)",
            "generatedAt :Int64",
            "attachments :List(Data)",
        ],
    ),
];

/// Fields of which each struct has some more.
const EXTRAS: [&str; 8] = [
    "offset :Int64",
    "priority :Int8",
    "weight :Float32",
    "version :UInt16",
    "delta :Int32",
    "note :Text",
    "samples :List(Int16)",
    "token :Data",
];

/// Methods of one subject.
const METHODS: [(&str, &str); 10] = [
    ("get%", "(id :UInt64) -> (info :%Info)"),
    (
        "add%",
        "(name :Text, state :%State, labels :List(Text)) -> (id :UInt64)",
    ),
    ("remove%", "(id :UInt64) -> ()"),
    ("list%", "() -> (entries :List(%Info))"),
    (
        "find%",
        "%Query -> (entries :List(%Info), next :UInt64, more :Bool)",
    ),
    ("describe%", "(id :UInt64) -> %Report"),
    (
        "configure%",
        "(id :UInt64, settings :%Settings) -> (previous :%Settings)",
    ),
    (
        "upload%",
        "(id :UInt64, offset :UInt64, chunk :Data) -> (bytesLen :UInt64, digest :Data)",
    ),
    (
        "watch%",
        "(id :UInt64, timeout :UInt32) -> (status :%Status, load :Float32, note :Text)",
    ),
    (
        "rename%",
        "(id :UInt64, name :Text, force :Bool) -> (name :Text)",
    ),
];

/// The text of the file.
pub(crate) fn schema() -> String {
    let mut text =
        "@0xa7c1f05e93b2d864;\n\nusing Bus = import \"/dsoftbus/bus.capnp\";\n".to_owned();
    for (number, (service, subjects)) in SERVICES.iter().enumerate() {
        for (place, subject) in subjects.iter().enumerate() {
            write_subject(&mut text, subject, 2 * number + place);
        }
        write_service(&mut text, service, FIRST_CHANNEL + number, subjects);
    }
    text
}

fn write_subject(text: &mut String, subject: &str, number: usize) {
    *text += &format!(
        "\nenum {subject}State {{\n  # What a {subject} is doing.\n\n  idle @0;\n  starting @1;\n  running @2;\n  failed @3;\n  \
         stopped @4;\n}}\n"
    );
    for (place, (name, fields)) in STRUCTS.iter().enumerate() {
        let name = name.replace('%', subject);
        let _ = writeln!(text, "\nstruct {name} {{\n  # {name} as it travels.\n");
        let extras = EXTRAS.iter().cycle().skip(number + 3 * place).take(place);
        for (ordinal, field) in fields.iter().chain(extras).enumerate() {
            let field = field.replace('%', subject);
            let (field, slot) = field.split_once(' ').unwrap_or((&field, ""));
            let _ = writeln!(text, "  {field} @{ordinal} {slot};  # One of its fields.");
        }
        *text += "}\n";
    }
}

fn write_service(text: &mut String, service: &str, channel: usize, subjects: &[&str]) {
    let _ = writeln!(
        text,
        "\ninterface {service} $Bus.channel({channel:#x}) {{\n  # The {service} service.\n"
    );
    let methods = subjects
        .iter()
        .flat_map(|subject| METHODS.iter().map(move |method| (subject, method)));
    for (ordinal, (subject, (name, signature))) in methods.enumerate() {
        let (name, signature) = (name.replace('%', subject), signature.replace('%', subject));
        let _ = writeln!(
            text,
            "  {name} @{ordinal} {signature};\n  # Fails with `notFound`.\n"
        );
    }
    *text += "  enum Error $Bus.errors {\n    # Why it refused.\n\n    notFound @0 $Bus.code(notFound);\n    \
         taken @1 $Bus.code(alreadyExists);\n    badName @2 $Bus.code(invalidArgument);\n    \
         full @3 $Bus.code(resourceExhausted);\n    busy @4 $Bus.code(failedPrecondition);\n  }\n}\n";
}

#[cfg(test)]
mod tests {
    use capnp::schema_capnp::node;

    use crate::generated_code::sources;

    #[test]
    fn it_has_a_hundred_methods_and_fifty_structs() {
        let request = sources::request(super::FILE).unwrap();
        let (mut methods, mut structs) = (0, 0);
        for node in request.reader().unwrap().get_nodes().unwrap() {
            match node.which().unwrap() {
                node::Interface(body) => methods += body.get_methods().unwrap().len(),
                // Parameters and results written in a method have no scope.
                node::Struct(_) if node.get_scope_id() != 0 => structs += 1,
                _ => {}
            }
        }
        assert_eq!((methods, structs), (100, 50));
    }
}
