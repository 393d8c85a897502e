# Annotations on every target, with values of every kind, several on one declaration, through imports and aliases.
@0xb6a3b5a1a1c0f012;

using A = import "define.capnp";
using import "define.capnp".onAll;
using renamed = A.onAll;
using import "/lib/marks.capnp".mark;
$A.onFile("the file");
$onAll("before");

const limit :Int32 = 5 $A.onConst(-5) $onAll("a const");
enum Level $A.onEnum(-0x123456789) $A.void { low @0 $A.onEnumerant(true); high @1 $A.onEnumerant(false) $A.onMembers(0x"00 01"); none @2; }
struct S $A.onStruct(1.25) $A.onSome {
  plain @0 :Int32 $A.onField(255);
  both @1 :Text = "x" $A.onField(1) $A.onSome $A.onMembers("bytes");
  named :union $A.onUnion(65535) $A.onSome { a @2 :Int8 $A.onField(2); b @3 :Int8; }
  grouped :group $A.onGroup(4294967295) $A.void { c @4 :Int8 $onAll("in a group"); }
  union { d @5 :Void $A.void; e :group $A.onGroup(0) { f @6 :Text; } g :union $A.onUnion(1) { h @7 :Void; i @8 :Void; } }
  struct Inner $onAll("inner") {}
}
interface Service $A.onInterface(18446744073709551615) $A.kind(big) {
  call @0 (a :Int32 $A.onParam(-3), b :Text = "d" $A.onParam(4) $A.onMembers("")) -> (c :Data $A.onParam(5)) $A.onMethod(-8) $A.void;
  other @1 S -> S $A.onMethod(7);
  written @2 (d :Data $onAll("streamed")) -> stream $A.onMethod(1);
}
annotation own(*) :Int32 $A.onAnnotation(2.5) $onAll("on an annotation");

struct Values
  $A.kind(small)
  $A.point((x = 1, label = "p"))
  $A.point(x = 2, y = 3, next = (x = 4))
  $A.points([(x = 1), (y = 2), ()])
  $A.texts(["a", "b"])
  $A.texts([])
  $A.lists([[1], [], [2, 3]])
  $A.data(0x"deadbeef")
  $A.float(-inf)
  $A.bool(true)
  $A.box((value = "boxed"))
  $A.box(value = "unboxed")
  $A.void(void)
  $A.point(.origin)
  $A.float(.ratio)
  $onAll("a" "b")
{
  f @0 :Int32 $A.point(());
}
const origin :A.Point = (x = 0, y = 0, label = "origin");
const ratio :Float32 = 0.5;
struct Reached
  $A.Scope.nested(1) $A.Scope.nestedVoid $A.Service.nested("s") $A.Generic(Text).nested(3) $A.Generic.nested(4) $A.Generic(Text).typed("bound")
  $A.Generic(A.Point).typed(x = 5) $A.Generic(List(Int8)).typed([1, 2]) $A.Generic(Text).boxed(value = "b") $A.Generic(A.Point).boxed((value = (y = 1)))
  $A.given $renamed("through an alias") $mark $own(6) $ .own(7) $import "define.capnp".onAll("imported in place") $A.Scope.nested(A.Scope.value)
{}
struct Twice $onAll("one") $onAll("two") $onAll("one") {}
$onAll("in the middle");
struct Last { u :union $onAll("u") { a @0 :Void $onAll("a"); b :group $onAll("b") { c @1 :Void $onAll("c"); } } }
$onAll("after");
$A.void;
