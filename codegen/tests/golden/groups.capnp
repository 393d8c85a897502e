@0xb0a1b2c3d4e5f611;
# Groups: their fields lie in the struct around them.

struct Person {
  name :group {
    first @0 :Text;
    last @1 :Text;
  }
  address :group {
    # Where to send letters.
    street @2 :Text;
    number @3 :UInt16 = 1;
    country :group {
      code @4 :Text = "de";
      known @5 :Bool;
    }
  }
  boss @6 :Person;
}

struct Interleaved {
  one :group {
    foo @0 :UInt32;
    bar @2 :UInt64;
    union {
      qux @4 :UInt16;
      corge :group {
        grault @6 :UInt64;
        garply @8 :UInt16;
        plugh @14 :Text;
        xyzzy @16 :Text;
      }
      fred @12 :Text;
    }
    waldo @10 :Text;
  }
  two :group {
    foo @1 :UInt32;
    bar @3 :UInt64;
    union {
      qux @5 :UInt16;
      corge :group {
        grault @7 :UInt64;
        garply @9 :UInt16;
        plugh @15 :Text;
        xyzzy @17 :Text;
      }
      fred @13 :Text;
    }
    waldo @11 :Text;
  }
}
