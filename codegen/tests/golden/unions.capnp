@0xb0a1b2c3d4e5f610;
# Unions, named and not, alone and beside other fields.

struct Contact {
  # A union without a name, beside other fields.
  name @0 :Text;
  union {
    none @1 :Void;            # Not to be reached.
    phone @2 :Text;
    mail @3 :Text = "nobody@example.com";
    age @4 :UInt8 = 7;
    tags @5 :List(Text);
    friend @6 :Contact;
  }
  note @7 :Text;
}

struct Shape {
  # Nothing but a union.
  union {
    circle @0 :Float64;
    square :group {
      side @1 :UInt32;
      label @2 :Text = "square";
    }
    nothing @3 :Void;
    others @4 :List(Shape);
  }
}

struct Position {
  # Named unions, one of them in a union.
  where :union {
    unset @0 :Void;
    at :group {
      x @1 :Int32;
      y @2 :Int32;
    }
    beside :union {
      left @3 :Bool;
      right @4 :Text;
    }
  }
  sure @5 :Bool = true;
}

struct Odd {
  # Members that are called like what every union has.
  union {
    unknown @0 :Void;
    self @1 :Text;
    type @2 :Data;
  }
}

struct Reversed {
  # The member declared first is not the one that is set by default.
  union {
    second @1 :UInt16;
    first @0 :Text;
  }
}
