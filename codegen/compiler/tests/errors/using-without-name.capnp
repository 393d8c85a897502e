@0xc1a3b5a1a1c0004d;
using Text;
using import "/lib/units.capnp";
