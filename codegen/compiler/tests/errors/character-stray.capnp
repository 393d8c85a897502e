@0xc1a3b5a1a1c00017;
struct S { a @0 :Int32; }
§
