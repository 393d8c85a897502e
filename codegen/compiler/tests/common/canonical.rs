//! Requests compared by what they mean: node by node in canonical form, by ID, in both directions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use capnp::message::{Builder, HeapAllocator, ReaderOptions};
use capnp::schema_capnp::{code_generator_request, node};

/// The data word of a node that holds `startByte` and `endByte` since release 1.1; older ones do not have it.
const BYTE_RANGE_WORD: usize = 5;

/// The parts of a request that have to agree between compilers.
#[derive(Debug, PartialEq, Eq)]
pub struct Meaning {
    nodes: BTreeMap<u64, Node>,
    files: Vec<File>,
    docs: BTreeMap<u64, Docs>,
}

#[derive(PartialEq, Eq)]
struct Node {
    name: String,
    canonical: Vec<u8>,
    text: String,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct File {
    id: u64,
    name: String,
    imports: Vec<(u64, String)>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Docs {
    node: Option<String>,
    members: Vec<Option<String>>,
}

impl Meaning {
    /// Reads a request as a compiler plugin would.
    pub fn of(request: &[u8]) -> capnp::Result<Self> {
        let options = *ReaderOptions::new().traversal_limit_in_words(None);
        let message = capnp::serialize::read_message(request, options)?;
        let request: code_generator_request::Reader<'_> = message.get_root()?;
        let mut meaning = Self {
            nodes: BTreeMap::new(),
            files: Vec::new(),
            docs: BTreeMap::new(),
        };
        for node in request.get_nodes()? {
            let entry = Node {
                name: node.get_display_name()?.to_string()?,
                canonical: canonical(node)?,
                text: format!("{node:?}"),
            };
            if let Some(twice) = meaning.nodes.insert(node.get_id(), entry) {
                return Err(capnp::Error::failed(format!(
                    "node {} is there twice",
                    twice.name
                )));
            }
        }
        for file in request.get_requested_files()? {
            let imports = file
                .get_imports()?
                .iter()
                .map(|import| Ok((import.get_id(), import.get_name()?.to_string()?)));
            meaning.files.push(File {
                id: file.get_id(),
                name: file.get_filename()?.to_string()?,
                imports: imports.collect::<capnp::Result<_>>()?,
            });
        }
        for info in request.get_source_info()? {
            let members = info.get_members()?.iter().map(|member| {
                Ok(if member.has_doc_comment() {
                    Some(lossy(member.get_doc_comment()?))
                } else {
                    None
                })
            });
            let docs = Docs {
                node: if info.has_doc_comment() {
                    Some(lossy(info.get_doc_comment()?))
                } else {
                    None
                },
                members: members.collect::<capnp::Result<_>>()?,
            };
            // The reference gives parameter lists an entry without comments, under the ID 0.
            if docs.node.is_some() || docs.members.iter().any(Option::is_some) {
                meaning.docs.insert(info.get_id(), docs);
            }
        }
        Ok(meaning)
    }

    /// What is different in `other`, a line each; empty when they mean the same.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut out = Vec::new();
        for (id, node) in &self.nodes {
            match other.nodes.get(id) {
                None => out.push(format!("node {} (@0x{id:x}) is missing", node.name)),
                Some(theirs) if theirs.canonical != node.canonical => {
                    out.push(format!(
                        "node {}: {}",
                        node.name,
                        first_difference(&node.text, &theirs.text)
                    ));
                }
                Some(_) => {}
            }
        }
        for (id, node) in &other.nodes {
            if !self.nodes.contains_key(id) {
                out.push(format!(
                    "node {} (@0x{id:x}) should not be there",
                    node.name
                ));
            }
        }
        if self.files != other.files {
            let texts = (format!("{:?}", self.files), format!("{:?}", other.files));
            out.push(format!(
                "requested files: {}",
                first_difference(&texts.0, &texts.1)
            ));
        }
        for id in self
            .docs
            .keys()
            .chain(other.docs.keys().filter(|id| !self.docs.contains_key(id)))
        {
            let (mine, theirs) = (self.docs.get(id), other.docs.get(id));
            if mine != theirs {
                let name = self.nodes.get(id).map_or("?", |node| &node.name);
                out.push(format!(
                    "doc comments of {name} (@0x{id:x}): expected {mine:?}, got {theirs:?}"
                ));
            }
        }
        out
    }
}

/// What is different between two requests; empty when they mean the same.
pub fn differences(expected: &[u8], actual: &[u8]) -> Vec<String> {
    match (Meaning::of(expected), Meaning::of(actual)) {
        (Ok(expected), Ok(actual)) => expected.differences(&actual),
        (Err(error), _) => vec![format!("the expected request cannot be read: {error}")],
        (_, Err(error)) => vec![format!("our request cannot be read: {error}")],
    }
}

/// Comments may hold any bytes.
fn lossy(text: capnp::text::Reader<'_>) -> String {
    String::from_utf8_lossy(text.as_bytes()).into_owned()
}

/// The canonical form of a node, without the byte range that depends on the release.
fn canonical(node: node::Reader<'_>) -> capnp::Result<Vec<u8>> {
    let words = u32::try_from(node.total_size()?.word_count).unwrap() + 8;
    let mut message = Builder::new(HeapAllocator::new().first_segment_words(words));
    message.set_root_canonical(node)?;
    let mut bytes = message.get_segments_for_output()[0].to_vec();
    // The root pointer: its bits 32..48 count the data words.
    let data_words = usize::from(u16::from_le_bytes([bytes[4], bytes[5]]));
    if data_words > BYTE_RANGE_WORD {
        let start = 8 * (1 + BYTE_RANGE_WORD);
        bytes[start..start + 8].fill(0);
        let segments = [&bytes[..]];
        let zeroed = capnp::message::Reader::new(
            capnp::message::SegmentArray::new(&segments),
            ReaderOptions::new(),
        );
        let mut again = Builder::new(HeapAllocator::new().first_segment_words(words));
        again.set_root_canonical(zeroed.get_root::<node::Reader<'_>>()?)?;
        return Ok(again.get_segments_for_output()[0].to_vec());
    }
    Ok(bytes)
}

/// The first place where two texts differ, with what stands around it.
pub fn first_difference(expected: &str, actual: &str) -> String {
    const AROUND: usize = 160;
    if expected == actual {
        return "same text, different bytes (a null pointer against an empty value, or a pointer's value)".to_owned();
    }
    let same = expected
        .bytes()
        .zip(actual.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let cut = |text: &str| -> String {
        let bytes = text.as_bytes();
        let from = same.saturating_sub(AROUND / 2);
        let to = (same + AROUND).min(bytes.len());
        String::from_utf8_lossy(&bytes[from.min(to)..to]).into_owned()
    };
    let mut out = String::new();
    let _ = write!(out, "expected …{}…, got …{}…", cut(expected), cut(actual));
    out
}
