@0xc1a3b5a1a1c00048;
struct S(T) { a @0 :T(Text); b @1 :T.Inner; }
