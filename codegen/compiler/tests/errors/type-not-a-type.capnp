@0xc1a3b5a1a1c0003f;
const k :Int32 = 1;
annotation m(*) :Void;
struct S { a @0 :k; b @1 :m; c @2 :import "/lib/units.capnp"; d @3 :S.g; g :group { e @4 :Int32; } }
