@0xc1a3b5a1a1c00067;
struct G(T) { a @0 :T = "x"; }
