# A union with an ordinal of its own: its discriminant is allocated there, so a field may become a union's first member afterwards.
@0xb6a3b5a1a1c0f009;

struct First { u @0! :union { a @1 :Int32; b @2 :Int64; } }
struct AfterOne { u @1! :union { a @0 :Int32; b @2 :Int64; } }
struct Late { a @0 :Int8; u @4! :union { b @3 :Text; c @5 :Int64; } d @1 :Int16; e @2 :Int64; f @6 :Bool; }
struct BeforeAll { u @0! :union { a @2 :Int8; b @3 :Int16; } c @1 :Int32; }
struct InUnion { union { a @0 :Int8; u @2! :union { b @1 :Int16; c @3 :Int32; } d @4 :Text; } }
struct InGroup { g :group { a @0 :Bool; u @2! :union { b @1 :Int8; c @4 :Int64; } d @3 :Int8; } }
struct Two { u @2! :union { a @0 :Int8; b @4 :Int8; } v @3! :union { c @1 :Int16; d @5 :Int16; } }
struct VoidThen { u @1! :union { a @0 :Void; b @2 :Text; } c @3 :Int8; }
