@0xd1a3b5a1a1c00003;
using A = import "import-circle-a.capnp";
struct S { a @0 :A.S; }
const k :Int32 = A.k;
using U = A.U;
