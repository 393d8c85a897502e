@0xe3a1c5d7f9b02846;

# Objects that pass objects. No annotation: capnpc reads it alone, and the skeletons are written by hand.

interface Hub {
  echo @0 (text :Text) -> (text :Text);                   # Answers at once.
  make @1 (name :Text) -> (thing :Thing);                 # Makes an object.
  makeBox @2 (name :Text) -> (box :Box);                  # Makes an object inside of a struct.
  makeMany @3 (count :UInt32) -> (things :List(Thing));   # Makes objects in a list.
  call @4 (thing :Thing, text :Text) -> (text :Text);     # Has an object say something.
  keep @5 (thing :Thing);                                 # Holds an object.
  kept @6 () -> (thing :Thing);                           # Gives the object that is held; null if there is none.
  give @7 () -> ();                                       # Lets go of it.
  same @8 (thing :Thing) -> (thing :Thing);               # Gives the object back.
  fail @9 (reason :Text) -> ();                           # Fails with an error of its own.
  panic @10 ();                                           # Panics, after one await.
  hang @11 ();                                            # Never answers.
  wait @12 (millis :UInt32) -> (thing :Thing);            # Makes an object after a while.
  open @13 (millis :UInt32) -> (sink :Sink);              # Makes a sink that takes so long for each item.
  isNull @14 (thing :Thing) -> (null :Bool);              # Whether nothing was passed.
  isKept @15 (thing :Thing) -> (same :Bool);              # Whether it is the object that is held.
  deadline @16 () -> (millis :UInt32);                    # How long the caller waits; 0: for ever.
}

struct Box {
  name @0 :Text;
  thing @1 :Thing;
}

interface Thing {
  say @0 (text :Text) -> (text :Text);                    # Answers with its name in front.
  next @1 () -> (number :UInt32);                         # Answers how many calls of it came before.
  hang @2 ();                                             # Never answers.
}

interface Sink {
  put @0 (data :Data) -> stream;
  end @1 () -> (count :UInt32);                           # Answers how many items came.
}
