@0xb6a3b5a1a1c0f01d;
# Doc of a file reached from others.

struct Deepest { up @0 :import "../../sibling.capnp".Thing; nested @1 :Nested; struct Nested { a @0 :Int32; } struct NotUsed {} }
# Doc of Deepest.
