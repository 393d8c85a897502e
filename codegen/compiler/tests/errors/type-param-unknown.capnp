@0xc1a3b5a1a1c00044;
struct S(T) { a @0 :U; }
struct V { b @0 :T; }
