@0xd1a3b5a1a1c00002;
using B = import "import-circle-b.capnp";
struct S { b @0 :B.S; }
const k :Int32 = B.k;
using U = B.U;
