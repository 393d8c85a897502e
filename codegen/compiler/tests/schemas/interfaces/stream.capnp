# Streaming methods. The standard file that declares their result is pulled in without being named.
@0xb6a3b5a1a1c0f010;

interface Sink { write @0 (chunk :Data) -> stream; end @1 (); writeStruct @2 Chunk -> stream; nothing @3 () -> stream; generic @4 [T] (t :T) -> stream; }
struct Chunk { bytes @0 :Data; }
interface Both extends(Sink) { more @0 (x :Int32) -> stream; }
