@0xb0a1b2c3d4e5f613;
# Structs that contain themselves.

struct Chain {
  value @0 :UInt32;
  next @1 :Chain;
}

struct Ping { pong @0 :Pong; count @1 :UInt8; }
struct Pong { ping @0 :Ping; outside @1 :Leaf; }
struct Leaf { text @0 :Text; }

struct Expression {
  union {
    number @0 :Float64;
    name @1 :Text;
    call :group {
      function @2 :Expression;
      arguments @3 :List(Expression);
    }
    negative @4 :Expression;
  }
}

struct Box(T) { inside @0 :T; }

struct Nested {
  # Contains itself through an argument.
  box @0 :Box(Nested);
  list @1 :Box(List(Nested));
}

struct Fallback {
  depth @0 :UInt8;
  next @1 :Fallback = (depth = 3);
}
