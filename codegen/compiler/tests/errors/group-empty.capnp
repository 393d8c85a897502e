@0xc1a3b5a1a1c00037;
struct S { g :group {} a @0 :Int32; }
