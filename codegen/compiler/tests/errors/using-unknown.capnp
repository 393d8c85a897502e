@0xc1a3b5a1a1c0004c;
using A = Nope;
using B = import "nope.capnp";
using C = import "/lib/units.capnp".Nope;
