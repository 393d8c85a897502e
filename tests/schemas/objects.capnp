@0xc7d15f0e62a98b34;

using Bus = import "/dsoftbus/bus.capnp";

interface Objects $Bus.channel(0x0310) {
  # Hands out one object for each thing that capabilities must do.

  basics @0 () -> (cap :Basics);                           # Something to call.
  derived @1 () -> (cap :Derived);                         # Something that can do more than that.
  pipelines @2 () -> (cap :Pipelines);                     # Something whose results are called before they are there.
  order @3 () -> (cap :Order);                             # Something that notices the order of calls.
  more @4 () -> (cap :More);                               # Something that is given capabilities.
  streams @5 (delayed :Bool) -> (cap :Streams);            # Something to stream to; `delayed`: `addI` takes a while.
  self @6 () -> (cap :Self);                               # Something that hands out itself.
  promises @7 () -> (cap :Basics, resolver :Resolver);     # `cap` is a promise that `resolver` resolves.
  numbers @8 (count :UInt32, padding :UInt32, ending :Ending, sink :Bus.Sink(Number)) -> ();
  # Sends the numbers from 0, each with `padding` bytes of note, and answers as `ending` says.
  collect @9 () -> (sink :Bus.Sink(Number), total :Total);
  # Takes numbers; `total` knows their sum.
  boxes @10 () -> (box :Box(Text), store :Store(Text));    # Values of parameterised types: "boxed", and an empty store.
  publish @11 (count :UInt32, ending :Ending, sink :Bus.Sink(Number)) -> ();
  # As `numbers`, but answers at once and sends afterwards.
  tag @12 () -> (tag :Text);                               # What an interceptor left for the handler.
  sinks @13 () -> (cap :Sinks);                            # Something that streams values which are no structs.
}

enum Ending {
  # What becomes of a stream after its last number.

  clean @0;     # It ends.
  failed @1;    # The call fails with `Basics.Error.broken`.
  dropped @2;   # The sink is dropped, and the call succeeds.
  never @3;     # Nothing.
}

struct Number {
  value @0 :UInt64;
  note @1 :Text;
}

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

  foo @0 (i :UInt32, j :Bool) -> (x :Text);     # Says how it was called: "foo(123, true)".
  bar @1 () -> ();                              # Unimplemented.
  baz @2 (everything :Everything) -> ();        # Takes a value; fails with `Error.broken` unless it is the one of the tests.
  fail @3 () -> ();                             # Fails with `Error.broken`.

  enum Error $Bus.errors {
    broken @0 $Bus.code(failedPrecondition);    # It is broken.
  }
}

interface Derived extends(Basics) {
  # Says "derived foo(123, true)" instead.

  qux @0 () -> (number :UInt32);                # Answers 77.
  give @1 () -> Everything;                     # Gives the value of the tests, with a `Basics` in it.
}

interface Pipelines {
  getCap @0 (n :UInt32, cap :Basics) -> (s :Text, outBox :Box);
  # Calls `cap.foo(n, true)`, and answers what that said; in the box are two objects of its own, the first a `Derived`.
  getNullCap @1 () -> (cap :Basics);            # Answers nothing.
  pointers @2 (cap :Basics, any :AnyPointer, list :List(Basics)) -> (any :AnyPointer);
  # Gives `any` back, after `cap` and each of `list` have been called.
  getCapPipelineOnly @3 () -> (outBox :Box);    # Never answers, and yet the first capability in its box works.

  struct Box {
    cap @0 :Basics;
    inside :group { cap @1 :Basics; }
  }
}

interface Order {
  getCallSequence @0 (expected :UInt32) -> (n :UInt32);   # 0 for the first call, then 1, ...; `expected` is for the reader.
}

interface More extends(Order) {
  # What is done with capabilities that are passed to others.

  callFoo @0 (cap :Basics) -> (s :Text);                  # Calls `cap.foo(123, true)` and says what it said.
  callFooWhenResolved @1 (cap :Basics) -> (s :Text);      # The same, once it is known what `cap` is.
  neverReturn @2 (cap :Basics) -> (copy :Basics);         # Never answers, and keeps `cap` for as long.
  hold @3 (cap :Basics) -> ();                            # Holds `cap` instead of what it held.
  callHeld @4 () -> (s :Text);                            # Calls `foo(123, true)` of what is held.
  getHeld @5 () -> (cap :Basics);                         # Gives what is held.
  echo @6 (cap :Order) -> (cap :Order);                   # Gives `cap` back.
  getHandle @7 () -> (handle :Handle);                    # A new handle. Handles are counted while they live.
  handleCount @8 () -> (count :Int64);                    # How many handles there are.
  getNull @9 () -> (cap :More);                           # Answers nothing.
  dontHold @10 (cap :Basics) -> ();                       # Takes `cap`, and lets go of it.
  callEach @11 (caps :List(Basics)) -> ();                # Calls `foo(123, true)` of each, one after the other.
  createHandle @12 () -> (handle :Handle);                # A new handle that `isOurs` knows.
  isOurs @13 (handle :Handle) -> (ours :Bool);            # Whether `createHandle` made the handle.
  panic @14 () -> ();                                     # Panics.
  nap @15 (millis :UInt32) -> ();                         # Answers after `millis` milliseconds.
  timeLeft @16 (via :More) -> (millis :UInt64);           # How long the caller waits; through `via`, how long that sees it wait.
}

interface Handle {}

interface Streams {
  addI @0 (i :UInt32, fail :Bool) -> stream;              # Adds `i`, or fails with `Basics.Error.broken`.
  addJ @1 (j :UInt32, fail :Bool) -> stream;              # The same for `j`.
  finish @2 () -> (totalI :UInt32, totalJ :UInt32);       # What was added.
}

interface Self {
  foo @0 () -> (x :UInt32);                               # How often it was called before.
  getSelf @1 () -> (cap :Self);                           # The same object.
}

interface Resolver {
  resolve @0 () -> ();                                    # Makes it a new `Basics`.
  resolveToPromise @1 () -> ();                           # Makes it another promise, which is resolved next.
  fail @2 () -> ();                                       # Breaks the promise, with `Basics.Error.broken`.
}

interface Total {
  sum @0 () -> (sum :UInt64);                             # The sum, once the stream has ended; fails if it broke off.
}

interface Sinks {
  # Streams of values that are no structs.

  sendTexts @0 (values :List(Text), ending :Ending, sink :Bus.Sink(Text)) -> ();
  # Sends `values`, and answers as `ending` says.
  sendBlobs @1 (values :List(Data), ending :Ending, sink :Bus.Sink(Data)) -> ();
  sendLists @2 (values :List(List(UInt16)), ending :Ending, sink :Bus.Sink(List(UInt16))) -> ();
  takeTexts @3 () -> (sink :Bus.Sink(Text), taken :Taken(Text));
  # Takes values; `taken` knows them.
  takeBlobs @4 () -> (sink :Bus.Sink(Data), taken :Taken(Data));
  takeLists @5 () -> (sink :Bus.Sink(List(UInt16)), taken :Taken(List(UInt16)));
  flows @6 () -> (texts :Flow(Text), lists :Flow(List(UInt16)));
  # The same, where only the caller says what the values are.
  sendObjects @7 (values :List(Box(Basics)), ending :Ending, sink :Bus.Sink(Box(Basics))) -> ();
}

interface Flow(T) {
  send @0 (values :List(Box(T)), ending :Ending, sink :Bus.Sink(T)) -> ();   # Sends `values`, and answers as `ending` says.
  take @1 () -> (sink :Bus.Sink(T), taken :Taken(T));      # Takes values; `taken` knows them.
}

interface Taken(T) {
  all @0 () -> (values :List(Box(T)));                     # What came, once the stream has ended; fails if it broke off.
}

struct Box(T) { value @0 :T; }

interface Store(T) {
  # Keeps values in order.

  put @0 (value :T) -> ();                                # Keeps one more.
  get @1 () -> (value :T);                                # The last one; not found if there is none.
  all @2 () -> (values :List(Box(T)));                    # All of them.
}
