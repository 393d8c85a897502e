# Annotations for every target and of every type.
@0xb6a3b5a1a1c0f011;

annotation onFile(file) :Text;
annotation onConst(const) :Int32;
annotation onEnum(enum) :Int64;
annotation onEnumerant(enumerant) :Bool;
annotation onStruct(struct) :Float64;
annotation onField(field) :UInt8;
annotation onUnion(union) :UInt16;
annotation onGroup(group) :UInt32;
annotation onInterface(interface) :UInt64;
annotation onMethod(method) :Int8;
annotation onParam(param) :Int16;
annotation onAnnotation(annotation) :Float32;
annotation onAll(*) :Text;
annotation onSome(struct, field, union, group) :Void;
annotation onMembers(field, enumerant, method, param,) :Data;
annotation given @0xb6a3b5a1a1c0f110 (*) :Void;

annotation void(*) :Void;
annotation kind(*) :Kind;
annotation point(*) :Point;
annotation points(*) :List(Point);
annotation texts(*) :List(Text);
annotation lists(*) :List(List(Int32));
annotation any(*) :AnyPointer;
annotation data(*) :Data;
annotation float(*) :Float32;
annotation bool(*) :Bool;
annotation box(*) :Box(Text);

enum Kind { small @0; big @1; }
struct Point { x @0 :Int32; y @1 :Int32 = 7; label @2 :Text; next @3 :Point; }
struct Box(T) { value @0 :T; }
struct Scope { annotation nested(*) :Int32; annotation nestedVoid(*) :Void; const value :Int32 = 42; }
struct Generic(T) { annotation nested(*) :Int32; annotation typed(*) :T; annotation boxed(*) :Box(T); }
interface Service { annotation nested(*) :Text; }

annotation self(annotation) :Text $onAll("on a name like a word");
annotation annotated(*) :Void $onAnnotation(1.5) $self("twice") $onAll("x");
