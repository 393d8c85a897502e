@0xc1a3b5a1a1c0006f;
struct S(T) $nope $S $T $Text $import "/lib/units.capnp" $5 {}
