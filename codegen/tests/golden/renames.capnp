@0xb0a1b2c3d4e5f617;
# Names that Rust uses instead of those of the schema.

using Bus = import "/dsoftbus/bus.capnp";
using Rust = import "/capnp/rust.capnp";

struct Bad $Bus.name("Good") {
  oldName @0 :Text $Bus.name("newName");
  union {
    badMember @1 :Void $Rust.name("goodMember");
    badGroup :group $Bus.name("goodGroup") {
      foo @2 :Bool;
    }
  }
  badUnion :union $Bus.name("goodUnion") {
    one @3 :Void;
    two @4 :BadEnum;
  }
  fooBar @5 :Bool;
  fooBAR @6 :Bool $Bus.name("fooBarToo");
  struct Inside $Rust.name("Outside") { value @0 :UInt8; }
  enum BadEnum $Bus.name("GoodEnum") {
    x @0;
    y @1 $Bus.name("why");
  }
}

const badConst :UInt8 = 1 $Bus.name("goodConst");

struct Uses {
  bad @0 :Bad;
  inside @1 :Bad.Inside;
}
