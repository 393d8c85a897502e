@0xc1a3b5a1a1c00068;
struct B(T) { v @0 :T; }
struct G(T) { a @0 :B(T) = (v = "x"); }
