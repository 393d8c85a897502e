@0xd1a3b5a1a1c00014;
struct S { a @65535 :Int64; b @65534 :Text; c @0 :Bool; d @65535 :Int8; u @65535! :union { e @65535 :Int8; f @1 :Int8; } }
enum E { a @65535; b @0; c @65535; }
interface I { a @65535 (); b @65535 (); }
