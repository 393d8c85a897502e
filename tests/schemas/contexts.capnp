@0xa9c4e7d21b5f3680;

using Bus = import "/dsoftbus/bus.capnp";

# The same service twice, once for each engine: what a handler knows of its call is the same in both.

interface Plain $Bus.channel(0x0320) $Bus.level(0) {
  hang @0 () -> ();                   # Never answers.
  answer @1 () -> ();                 # Answers at once.
  method @2 () -> (name :Text);       # What is called, as the handler knows it: "Plain.method".
  marks @3 () -> (marks :Text);       # What the interceptors left, in their order.
  thread @4 () -> (id :Text);         # The thread on which the handler starts.
}

interface Wide $Bus.channel(0x0321) $Bus.level(1) {
  hang @0 () -> ();
  answer @1 () -> ();
  method @2 () -> (name :Text);
  marks @3 () -> (marks :Text);
  thread @4 () -> (id :Text);
}

interface Ancestor {
  # What the one below has from another.

  double @0 (number :UInt32) -> (number :UInt32);
  name @1 () -> (name :Text);         # "ancestor"
}

interface Heir extends(Ancestor) $Bus.channel(0x0322) $Bus.level(0) {
  triple @0 (number :UInt32) -> (number :UInt32);
}
