@0xc1a3b5a1a1c00027;
struct S { const k :Int32 = 1; }
using lower = S;
using Upper = S.k;
using file = import "other.capnp_";
