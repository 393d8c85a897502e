@0xb6a3b5a1a1c0f01c;

struct Middle { up @0 :import "../sibling.capnp".Thing; down @1 :import "er/deepest.capnp".Deepest; root @2 :import "/lib/units.capnp".Unit; }
