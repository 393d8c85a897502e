# A comment in front of everything belongs to nothing.

@0xb6a3b5a1a1c0f003;  # Doc of the file, first line.
# Second line.
#Third line without a blank.
#   Fourth line keeps two of three blanks.

# Not part of it: a blank line came before.

struct Early {
  # Doc of Early.
  #
  # After an empty comment line.

  # Not part of it.
  a @0 :Int32;
  # Doc of a.
  b @1 :Int32;  # Doc of b on its line
  # and on the next.

  # Belongs to nothing.

  c @2 :Int32;
  d @3 :Int32; # Doc of d.
} # Late doc of Early loses against the early one.

struct Late { a @0 :Int32; }  # Doc of Late.
# Continued.

struct LateNext {
  a @0 :Int32; }
# Doc of LateNext on the next line.

struct BlankFirst {

  # Belongs to nothing, for a blank line comes before it.
  a @0 :Int32;

  # Nothing either.
}

struct None {}

struct Members {
  g :group {
    # Doc of group g.
    a @0 :Int32;
    # Doc of a in g.
  }
  u :union {
    # Doc of union u.
    b @1 :Int32;
    # Doc of b in u.
    h :group {
      # Doc of group h in u.
      c @2 :Int32;
    }
  }
  union {
    # Doc of the unnamed union, which has no node of its own.
    d @3 :Text;
    # Doc of d.
    e @4 :Data;
  }

  using Short = Early;
  # Doc of an alias goes nowhere.

  const k :Int32 = 7;
  # Doc of k.

  struct Inner {
    # Doc of Inner.
  }
}

enum Colour {
  # Doc of Colour.
  red @0;
  # Doc of red.
  green @2;
  blue @1; # Doc of blue.
}

interface Service {
  # Doc of Service.
  call @0 (a :Int32, b :Text) -> (c :Data);
  # Doc of call.
  other @1 ();  # Doc of other.
}

annotation mark(*) :Text;
# Doc of mark.

const text :Text = "x";
# Doc of text.   Trailing blanks stay.   

const tabs :Text = "y"; #	A tab after the number sign stays.

const unicode :Text = "z"; # Grüße, 世界 🦀

const manyLines :List(Int32) = [  # not doc
  1,  # not doc
  2
];
# Doc of manyLines.

$mark("file");  # Doc of a naked annotation goes nowhere.

interface Empty { # Doc of Empty.
}
struct Tight {a@0:Int32;#doc of a
#more of a
}#doc of Tight
