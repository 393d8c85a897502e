use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Layout, LayoutError, Scope, Size, UnionId};

/// A struct with members, and what the reference says of it.
#[derive(Clone, Debug, Default)]
struct Struct {
    name: String,
    /// Words and pointers; `None` if the reference refuses the struct.
    sizes: Option<(u16, u16)>,
    members: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Field {
        ordinal: u32,
        size: Size,
        offset: u32,
    },
    Union {
        ordinal: Option<u32>,
        offset: u32,
        members: Vec<Self>,
    },
    Group(Vec<Self>),
}

/// What the traversal of the members leaves to be done, by ordinal.
enum Step {
    Field { scope: Scope, size: Size },
    Discriminant(UnionId),
}

/// A laid out struct: offsets of fields by ordinal, and of discriminants in order of the text.
#[derive(Debug, PartialEq)]
struct Placed {
    fields: BTreeMap<u32, u32>,
    discriminants: Vec<u32>,
    sizes: (u16, u16),
}

fn lay_out(members: &[Node]) -> Result<Placed, LayoutError> {
    let mut layout = Layout::new();
    let (fields, unions) = place_fields(members, &mut layout)?;
    let discriminants = unions
        .into_iter()
        .map(|union_| layout.discriminant_offset(union_))
        .collect::<Result<_, _>>()?;
    Ok(Placed {
        fields,
        discriminants,
        sizes: (layout.data_words(), layout.pointers()),
    })
}

/// Offsets of the fields by ordinal, and the unions in order of the text.
fn place_fields(
    members: &[Node],
    layout: &mut Layout,
) -> Result<(BTreeMap<u32, u32>, Vec<UnionId>), LayoutError> {
    let (mut steps, mut unions, mut fields) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
    announce(members, Layout::TOP, layout, &mut steps, &mut unions);
    for (ordinal, step) in steps {
        match step {
            Step::Field { scope, size } => {
                fields.insert(ordinal, layout.place(scope, size)?);
            }
            // Whether it comes in time is not the question here: the reference refuses some structs for two reasons.
            Step::Discriminant(union_) => {
                layout.place_discriminant(union_)?;
            }
        }
    }
    Ok((fields, unions))
}

fn announce(
    members: &[Node],
    scope: Scope,
    layout: &mut Layout,
    steps: &mut BTreeMap<u32, Step>,
    unions: &mut Vec<UnionId>,
) {
    for member in members {
        match member {
            Node::Field { ordinal, size, .. } => {
                steps.insert(*ordinal, Step::Field { scope, size: *size });
            }
            Node::Group(members) => announce(members, scope, layout, steps, unions),
            Node::Union {
                ordinal, members, ..
            } => {
                let union_ = layout.add_union(scope);
                unions.push(union_);
                if let Some(ordinal) = ordinal {
                    steps.insert(*ordinal, Step::Discriminant(union_));
                }
                for member in members {
                    let scope = layout.add_member(union_);
                    announce(std::slice::from_ref(member), scope, layout, steps, unions);
                }
            }
        }
    }
}

fn expected(members: &[Node], fields: &mut BTreeMap<u32, u32>, discriminants: &mut Vec<u32>) {
    for member in members {
        match member {
            Node::Field {
                ordinal, offset, ..
            } => {
                fields.insert(*ordinal, *offset);
            }
            Node::Group(members) => expected(members, fields, discriminants),
            Node::Union {
                offset, members, ..
            } => {
                discriminants.push(*offset);
                expected(members, fields, discriminants);
            }
        }
    }
}

/// Reads the format that `fixtures/make-reference.py` describes.
fn parse(text: &str) -> Vec<Struct> {
    let mut structs: Vec<Struct> = Vec::new();
    let mut lines = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .peekable();
    while let Some(line) = lines.next() {
        let [_, name, words, pointers] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let sizes =
            (words != "refused").then(|| (words.parse().unwrap(), pointers.parse().unwrap()));
        structs.push(Struct {
            name: name.to_owned(),
            sizes,
            members: parse_members(&mut lines, 2),
        });
    }
    structs
}

fn parse_members<'a>(
    lines: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    indent: usize,
) -> Vec<Node> {
    let mut members = Vec::new();
    while let Some(line) = lines.next_if(|line| line.len() - line.trim_start().len() == indent) {
        let number = |text: &str| text.trim_start_matches('@').parse().ok();
        members.push(match line.trim_start().split(' ').collect::<Vec<_>>()[..] {
            ["group"] => Node::Group(parse_members(lines, indent + 2)),
            ["union", ordinal, offset] => Node::Union {
                ordinal: number(ordinal),
                offset: number(offset).unwrap_or_default(),
                members: parse_members(lines, indent + 2),
            },
            [_, ordinal, size, offset] => Node::Field {
                ordinal: number(ordinal).unwrap(),
                size: match size {
                    "void" => Size::Void,
                    "ptr" => Size::Pointer,
                    lg => Size::Data {
                        lg: lg.parse().unwrap(),
                    },
                },
                offset: number(offset).unwrap_or_default(),
            },
            _ => panic!("{line}"),
        });
    }
    members
}

#[test]
fn every_struct_is_laid_out_as_the_reference_does() {
    let extra = std::env::var("LAYOUT_REFERENCE")
        .map(|path| std::fs::read_to_string(path).unwrap())
        .unwrap_or_default();
    let structs = [include_str!("fixtures/reference.txt"), &extra]
        .into_iter()
        .flat_map(parse);
    let (mut accepted, mut refused) = (0, 0);
    for Struct {
        name,
        sizes,
        members,
    } in structs
    {
        let placed = lay_out(&members);
        let Some(sizes) = sizes else {
            assert_eq!(placed, Err(LayoutError::Ambiguous), "{name}");
            refused += 1;
            continue;
        };
        let (mut fields, mut discriminants) = (BTreeMap::new(), Vec::new());
        expected(&members, &mut fields, &mut discriminants);
        assert_eq!(
            placed,
            Ok(Placed {
                fields,
                discriminants,
                sizes
            }),
            "{name}"
        );
        accepted += 1;
    }
    assert!(accepted > 100 && refused > 10, "{accepted} {refused}");
}
/// Fields of `sizes` in the members of a union in a union: what compilers disagreed about.
fn union_in_union(first: Size, second: Size) -> Result<u32, LayoutError> {
    let mut layout = Layout::new();
    let outer = layout.add_union(Layout::TOP);
    let plain = layout.add_member(outer);
    let member = layout.add_member(outer);
    let inner = layout.add_union(member);
    let [a, b] = [layout.add_member(inner), layout.add_member(inner)];
    layout.place(plain, Size::BYTE)?;
    layout.place(a, first)?;
    layout.place(b, second)
}

#[test]
fn growth_of_a_location_of_an_inner_union_is_refused() {
    // The inner union owns the whole location of the outer one and would have to grow it.
    assert_eq!(
        union_in_union(Size::BYTE, Size::TWO_BYTES),
        Err(LayoutError::Ambiguous)
    );
    assert_eq!(union_in_union(Size::TWO_BYTES, Size::BYTE), Ok(0));
}

#[test]
fn sections_end_at_what_a_struct_pointer_can_say() {
    let mut layout = Layout::new();
    for expected in 0..65535 {
        assert_eq!(layout.place(Layout::TOP, Size::EIGHT_BYTES), Ok(expected));
        assert_eq!(layout.place(Layout::TOP, Size::Pointer), Ok(expected));
    }
    assert_eq!(
        layout.place(Layout::TOP, Size::BIT),
        Err(LayoutError::TooMuchData)
    );
    assert_eq!(
        layout.place(Layout::TOP, Size::Pointer),
        Err(LayoutError::TooManyPointers)
    );
    assert_eq!(
        (layout.data_words(), layout.pointers()),
        (u16::MAX, u16::MAX)
    );
}

#[test]
fn huge_unions_are_laid_out_or_end_in_an_error_and_not_in_waiting() {
    let mut layout = Layout::new();
    let union_ = layout.add_union(Layout::TOP);
    let [one, other] = [layout.add_member(union_), layout.add_member(union_)];
    for expected in 0..30_000 {
        assert_eq!(layout.place(one, Size::EIGHT_BYTES), Ok(expected));
    }
    for expected in 0..30_000 {
        assert_eq!(layout.place(other, Size::EIGHT_BYTES), Ok(expected));
    }

    // Bytes that have no room to grow: each one looks at all before it.
    let mut layout = Layout::new();
    let union_ = layout.add_union(Layout::TOP);
    let member = layout.add_member(union_);
    let result = (0..65_000).try_for_each(|_| {
        layout.place(member, Size::BYTE)?;
        layout.place(Layout::TOP, Size::BYTE).map(|_| ())
    });
    assert_eq!(result, Err(LayoutError::TooComplex));
}

const SIZES: [Size; 7] = [
    Size::Void,
    Size::BIT,
    Size::BYTE,
    Size::TWO_BYTES,
    Size::FOUR_BYTES,
    Size::EIGHT_BYTES,
    Size::Pointer,
];

/// Members whose ordinals are still to be given.
fn members() -> impl Strategy<Value = Vec<Node>> {
    let field = proptest::sample::select(&SIZES[..]).prop_map(|size| Node::Field {
        ordinal: 0,
        size,
        offset: 0,
    });
    let node = field.prop_recursive(5, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..5).prop_map(Node::Group),
            prop::collection::vec(inner, 2..5).prop_map(|members| Node::Union {
                ordinal: None,
                offset: 0,
                members
            }),
        ]
    });
    prop::collection::vec(node, 1..12)
}

/// Structs with ordinals in any order.
fn structs() -> impl Strategy<Value = Vec<Node>> {
    members()
        .prop_flat_map(|mut members| {
            let count = number(&mut members, &|next| next, &mut 0);
            (
                Just(members),
                Just((0..count).collect::<Vec<u32>>()).prop_shuffle(),
            )
        })
        .prop_map(|(mut members, order)| {
            number(&mut members, &|next| order[next as usize], &mut 0);
            members
        })
}

/// Gives ordinals to the fields in order of the text, and counts them.
fn number(members: &mut [Node], give: &impl Fn(u32) -> u32, next: &mut u32) -> u32 {
    for member in members {
        match member {
            Node::Field { ordinal, .. } => {
                *ordinal = give(*next);
                *next += 1;
            }
            Node::Group(members) | Node::Union { members, .. } => {
                number(members, give, next);
            }
        }
    }
    *next
}

/// Space of a field or discriminant, and the member it belongs to of each union around it.
struct Space {
    choices: Vec<(usize, usize)>,
    pointer: bool,
    start: u32,
    end: u32,
}

impl Space {
    /// Whether both may be in use at once and lie in the same place.
    fn collides(&self, other: &Self) -> bool {
        let apart = self.choices.iter().any(|(union_, member)| {
            other
                .choices
                .iter()
                .any(|(u, m)| u == union_ && m != member)
        });
        !apart && self.pointer == other.pointer && self.start < other.end && other.start < self.end
    }
}

fn spaces(
    members: &[Node],
    placed: &Placed,
    choices: &[(usize, usize)],
    unions: &mut usize,
    out: &mut Vec<Space>,
) {
    let mut add = |size: Size, offset: u32| {
        let (pointer, width) = match size {
            Size::Void => return,
            Size::Pointer => (true, 1),
            Size::Data { lg } => (false, 1 << lg),
        };
        out.push(Space {
            choices: choices.to_vec(),
            pointer,
            start: offset * width,
            end: (offset + 1) * width,
        });
    };
    for member in members {
        match member {
            Node::Field { ordinal, size, .. } => add(*size, placed.fields[ordinal]),
            Node::Union { .. } | Node::Group(_) => {}
        }
    }
    for member in members {
        match member {
            Node::Field { .. } => {}
            Node::Group(members) => spaces(members, placed, choices, unions, out),
            Node::Union { members, .. } => {
                let union_ = *unions;
                *unions += 1;
                let offset = placed.discriminants[union_];
                out.push(Space {
                    choices: choices.to_vec(),
                    pointer: false,
                    start: offset * 16,
                    end: (offset + 1) * 16,
                });
                for (index, member) in members.iter().enumerate() {
                    let choices = [choices, &[(union_, index)]].concat();
                    spaces(std::slice::from_ref(member), placed, &choices, unions, out);
                }
            }
        }
    }
}

/// The members without the fields from ordinal `end` on.
fn before(members: &[Node], end: u32) -> Vec<Node> {
    let keep = members
        .iter()
        .filter(|member| !matches!(member, Node::Field { ordinal, .. } if *ordinal >= end));
    keep.map(|member| match member {
        Node::Field { .. } => member.clone(),
        Node::Group(members) => Node::Group(before(members, end)),
        Node::Union {
            ordinal,
            offset,
            members,
        } => {
            // A member without fields still counts as one.
            let members = members
                .iter()
                .map(|member| Node::Group(before(std::slice::from_ref(member), end)))
                .collect();
            Node::Union {
                ordinal: *ordinal,
                offset: *offset,
                members,
            }
        }
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn fields_never_overlap_and_lie_inside_the_struct(members in structs()) {
        if let Ok(placed) = lay_out(&members) {
            let mut all = Vec::new();
            spaces(&members, &placed, &[], &mut 0, &mut all);
            for (index, one) in all.iter().enumerate() {
                let limit = if one.pointer { u32::from(placed.sizes.1) } else { u32::from(placed.sizes.0) * 64 };
                prop_assert!(one.end <= limit);
                prop_assert!(!all[..index].iter().any(|other| one.collides(other)), "{placed:?}");
            }
        }
    }

    #[test]
    fn a_new_field_moves_no_earlier_one(members in structs(), cut in any::<prop::sample::Index>()) {
        if let Ok(placed) = lay_out(&members) {
            let cut = u32::try_from(cut.index(placed.fields.len())).unwrap();
            let (earlier, _) = place_fields(&before(&members, cut), &mut Layout::new()).unwrap();
            for (ordinal, offset) in &earlier {
                prop_assert_eq!(placed.fields.get(ordinal), Some(offset));
            }
        }
    }
}
