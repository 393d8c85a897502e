@0xc7d15f0e62a98b34;

using Bus = import "/dsoftbus/bus.capnp";

interface Objects $Bus.channel(0x0310) {
  # Hands out one object for each thing that capabilities must do.

  basics @0 () -> (cap :Basics);
  derived @1 () -> (cap :Derived);
  pipelines @2 () -> (cap :Pipelines);
  order @3 () -> (cap :Order);
  more @4 () -> (cap :More);
  streams @5 (delayed :Bool) -> (cap :Streams);            # `delayed`: `addI` takes a while.
  self @6 () -> (cap :Self);
  promises @7 () -> (cap :Basics, resolver :Resolver);     # `cap` is a promise that `resolver` resolves.
  numbers @8 (count :UInt32, sink :Bus.Sink(Number)) -> ();  # Sends `count` numbers.
  collect @9 () -> (sink :Bus.Sink(Number), total :Total);   # Takes numbers; `total` knows their sum.
  boxes @10 () -> (box :Box(Text), store :Store(Text));
}

struct Number { value @0 :UInt64; note @1 :Text; }

struct Everything {
  # A value of many types, to be passed whole.
  flag @0 :Bool;
  number @1 :Int64;
  text @2 :Text;
  bytes @3 :Data;
  texts @4 :List(Text);
  inner @5 :Everything;
  cap @6 :Basics;
}

interface Basics {
  # Something to call.
  foo @0 (i :UInt32, j :Bool) -> (x :Text);     # "foo" for 123 and true.
  bar @1 () -> ();                              # Unimplemented.
  baz @2 (everything :Everything) -> ();        # Takes a value.
  fail @3 () -> ();                             # Fails with `Error.broken`.

  enum Error $Bus.errors {
    broken @0 $Bus.code(failedPrecondition);    # It is broken.
  }
}

interface Derived extends(Basics) {
  qux @0 () -> (number :UInt32);
  give @1 () -> Everything;
}

interface Pipelines {
  getCap @0 (n :UInt32, cap :Basics) -> (s :Text, outBox :Box);   # Calls `cap.foo(n, true)`, answers "bar" and another object.
  getNullCap @1 () -> (cap :Basics);
  pointers @2 (cap :Basics, any :AnyPointer, list :List(Basics)) -> (any :AnyPointer);
  getCapPipelineOnly @3 () -> (outBox :Box);                      # Never answers, and yet its capability works.

  struct Box {
    cap @0 :Basics;
    inside :group { cap @1 :Basics; }
  }
}

interface Order {
  getCallSequence @0 (expected :UInt32) -> (n :UInt32);   # 0, then 1, ...
}

interface More extends(Order) {
  callFoo @0 (cap :Basics) -> (s :Text);
  callFooWhenResolved @1 (cap :Basics) -> (s :Text);
  neverReturn @2 (cap :Basics) -> (copy :Basics);
  hold @3 (cap :Basics) -> ();
  callHeld @4 () -> (s :Text);
  getHeld @5 () -> (cap :Basics);
  echo @6 (cap :Order) -> (cap :Order);
  getHandle @7 () -> (handle :Handle);                   # Handles are counted while they live.
  handleCount @8 () -> (count :Int64);
  getNull @9 () -> (cap :More);
  dontHold @10 (cap :Basics) -> ();
  callEach @11 (caps :List(Basics)) -> ();
  createHandle @12 () -> (handle :Handle);
  isOurs @13 (handle :Handle) -> (ours :Bool);           # Whether the handle came from here.
  panic @14 () -> ();
  nap @15 (millis :UInt32) -> ();                        # Answers after `millis` milliseconds.
}

interface Handle {}

interface Streams {
  addI @0 (i :UInt32, fail :Bool) -> stream;
  addJ @1 (j :UInt32, fail :Bool) -> stream;
  finish @2 () -> (totalI :UInt32, totalJ :UInt32);
}

interface Self {
  foo @0 () -> (x :UInt32);
  getSelf @1 () -> (cap :Self);
}

interface Resolver {
  resolve @0 () -> ();
  resolveToPromise @1 () -> ();
}

interface Total { sum @0 () -> (sum :UInt64); }

struct Box(T) { value @0 :T; }

interface Store(T) {
  put @0 (value :T) -> ();
  get @1 () -> (value :T);
  all @2 () -> (values :List(Box(T)));
}
