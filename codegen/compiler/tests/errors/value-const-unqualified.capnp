@0xc1a3b5a1a1c00060;
const a :Int32 = 1;
const b :Int32 = a;
struct S { const c :Int32 = 2; d @0 :Int32 = c; }
