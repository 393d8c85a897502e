# What newer/blocktext.capnp means, in words that release 0.9.2 reads.
@0xb6a3b5a1a1c0f025;

const one :Text = "A line.\n";
const several :Text = "First \"quoted\" \\n stays.\n  Two blanks in front.   \n\nAfter an empty one. # no comment ; } `\n";
const joined :Text = "text block\ntext again";
const data :Data = "bytes\n";
struct Defaults { a @0 :Text = "default\n"; b @1 :List(Text) = ["plain", "first of list\n", "second\n"]; }
annotation note(*) :Text;
struct Annotated $note("noted\n") {}
