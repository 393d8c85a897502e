@0xc1a3b5a1a1c00052;
using A = import "semicolon-missing.capnp".S;
struct S { a @0 :A; }
