@0xc1a3b5a1a1c0006a;
const a :Int32 = import "/lib/units.capnp";
const b :Text = import "/lib/units.capnp".foot;
