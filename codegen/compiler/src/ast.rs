//! What the parser makes of a schema file: declarations and expressions, unresolved, each with its
//! place.
//!
//! The shapes follow the reference compiler's `grammar.capnp`.

/// Bytes `start..end` of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// An expression: it may turn out to be a type, a value, or something that is only named.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Where it stands.
    pub span: Span,
}

/// Kinds of [`Expression`].
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// Did not parse; an error was reported already.
    Unknown,
    /// An integer without a sign.
    PositiveInt(u64),
    /// The magnitude of an integer with a minus sign.
    NegativeInt(u64),
    /// A number with a point or an exponent, negated or not, or `-inf`. `inf` and `nan` are names:
    /// an enumerant may be called so.
    Float(f64),
    /// A text literal, unescaped. Adjacent literals are joined. Bytes, since `\xff` is one byte and
    /// a default of `Data` may use it.
    String(Vec<u8>),
    /// A literal `0x"…"`.
    Binary(Vec<u8>),
    /// A name looked up from here outwards.
    RelativeName(Located<String>),
    /// A name with a leading dot, looked up in the file.
    AbsoluteName(Located<String>),
    /// `import "path"`.
    Import(Located<String>),
    /// `embed "path"`.
    Embed(Located<String>),
    /// `[a, b]`.
    List(Vec<Expression>),
    /// `(a, b = c)`; a single unnamed member in parentheses is that member itself.
    Tuple(Vec<Param>),
    /// `f(a, b)`.
    Application {
        /// What is applied.
        function: Box<Expression>,
        /// To what.
        params: Vec<Param>,
    },
    /// `parent.name`.
    Member {
        /// Of what.
        parent: Box<Expression>,
        /// Which.
        name: Located<String>,
    },
}

/// One member of a tuple or application.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// `name =`, if given.
    pub name: Option<Located<String>>,
    /// The value.
    pub value: Expression,
}

/// A declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// Its name; empty for a file and for an unnamed union.
    pub name: Located<String>,
    /// `@0x…` or `@n`.
    pub id: DeclId,
    /// Generic parameters.
    pub parameters: Vec<Located<String>>,
    /// Declarations inside, in the order of the text.
    pub nested: Vec<Self>,
    /// Annotations.
    pub annotations: Vec<AnnotationApplication>,
    /// From the first byte to the end of the statement, nested block excluded or included as the
    /// reference has it.
    pub span: Span,
    /// Doc comment, lines joined with `\n` and ended by one.
    pub doc: Option<String>,
    /// What it declares.
    pub kind: DeclKind,
}

/// Number of a declaration.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DeclId {
    /// None given.
    #[default]
    Unspecified,
    /// `@0x…`: a 64-bit ID.
    Uid(Located<u64>),
    /// `@n`: an ordinal; parsed as u64, range checked later.
    Ordinal(Located<u64>),
}

/// `$name(value)`.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotationApplication {
    /// The annotation.
    pub name: Expression,
    /// Its value; `None` means void.
    pub value: Option<Expression>,
}

/// Kinds of [`Declaration`].
#[derive(Clone, Debug, PartialEq)]
pub enum DeclKind {
    /// A whole file.
    File,
    /// `using name = target`.
    Using {
        /// What the name stands for.
        target: Expression,
    },
    /// `const name :type = value`.
    Const {
        /// Its type.
        ty: Expression,
        /// Its value.
        value: Expression,
    },
    /// `enum name { … }`.
    Enum,
    /// `name @n` in an enum.
    Enumerant,
    /// `struct name { … }`.
    Struct,
    /// `name @n :type = default`.
    Field {
        /// Its type.
        ty: Expression,
        /// Its default.
        default: Option<Expression>,
    },
    /// `union { … }` or `name :union { … }`, with an optional ordinal for the discriminant.
    Union,
    /// `name :group { … }`.
    Group,
    /// `interface name extends(…) { … }`.
    Interface {
        /// What it extends.
        superclasses: Vec<Expression>,
    },
    /// `name @n [T] (params) -> (results)`. Implicit type parameters are in
    /// `Declaration::parameters`.
    Method {
        /// Parameters.
        params: ParamList,
        /// Results; `None` when nothing is written.
        results: Option<ParamList>,
    },
    /// `annotation name(targets) :type`.
    Annotation {
        /// Type of its value.
        ty: Expression,
        /// Where it may be applied.
        targets: Targets,
    },
    /// A reserved keyword-like builtin never comes out of the parser.
    #[doc(hidden)]
    NakedId,
    /// `$annotation;` at file or block level, attached to the enclosing declaration by the parser.
    #[doc(hidden)]
    NakedAnnotation,
}

/// Parameters or results of a method.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamList {
    /// `(name :type = default, …)`.
    Named(Vec<MethodParam>, Span),
    /// A struct type.
    Type(Expression),
    /// `stream`.
    Stream(Span),
}

/// One parameter of a method.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodParam {
    /// Its name.
    pub name: Located<String>,
    /// Its type.
    pub ty: Expression,
    /// Its annotations.
    pub annotations: Vec<AnnotationApplication>,
    /// Its default.
    pub default: Option<Expression>,
    /// Where it stands.
    pub span: Span,
}

/// What an annotation may be applied to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "the twelve targets of the language"
)]
pub struct Targets {
    /// `file`
    pub file: bool,
    /// `const`
    pub constant: bool,
    /// `enum`
    pub enumeration: bool,
    /// `enumerant`
    pub enumerant: bool,
    /// `struct`
    pub structure: bool,
    /// `field`
    pub field: bool,
    /// `union`
    pub union_: bool,
    /// `group`
    pub group: bool,
    /// `interface`
    pub interface: bool,
    /// `method`
    pub method: bool,
    /// `param`
    pub param: bool,
    /// `annotation`
    pub annotation: bool,
}

impl Targets {
    /// All of them: `*`.
    pub const ALL: Self = Self {
        file: true,
        constant: true,
        enumeration: true,
        enumerant: true,
        structure: true,
        field: true,
        union_: true,
        group: true,
        interface: true,
        method: true,
        param: true,
        annotation: true,
    };

    /// Their names in the language.
    pub const NAMES: [&str; 12] = [
        "file",
        "const",
        "enum",
        "enumerant",
        "struct",
        "field",
        "union",
        "group",
        "interface",
        "method",
        "param",
        "annotation",
    ];

    /// The flag of a target by its name in the language.
    pub fn by_name(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "file" => &mut self.file,
            "const" => &mut self.constant,
            "enum" => &mut self.enumeration,
            "enumerant" => &mut self.enumerant,
            "struct" => &mut self.structure,
            "field" => &mut self.field,
            "union" => &mut self.union_,
            "group" => &mut self.group,
            "interface" => &mut self.interface,
            "method" => &mut self.method,
            "param" => &mut self.param,
            "annotation" => &mut self.annotation,
            _ => return None,
        })
    }
}
