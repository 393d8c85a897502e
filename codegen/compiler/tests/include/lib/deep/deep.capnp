@0xb6a3b5a1a1c0f014;

struct Deep { up @0 :import "../units.capnp".Unit; upAbsolute @1 :import "/lib/units.capnp".Length; }
