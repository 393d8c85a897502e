@0xc1a3b5a1a1c00028;
struct S { a @0 :Int32; a @1 :Int32; }
struct S {}
const b :Int32 = 1;
annotation b(*) :Void;
using T = S;
enum T { x @0; x @1; }
interface I { m @0 (); m @1 (); }
