// The interpreter of opcodes. A fault is kept, and the loop ends with the opcode that met it; until then
// every step works on harmless defaults. There is no recursion: a file cannot exhaust the stack of the
// program.
#include "cost_model/sklearn/pickle_machine.h"

#include <fmt/format.h>

#include "cost_model/sklearn/pickle_bytes.h"
#include "cost_model/sklearn/pickle_stack.h"

namespace joulecast::sklearn {
namespace {

constexpr std::string_view kCloudpickle = "cloudpickle.cloudpickle";
constexpr std::string_view kCloudpickleFast = "cloudpickle.cloudpickle_fast";  // until version 2.2

class PickleMachine {
 public:
  PickleMachine(std::string_view bytes, std::string_view source)
      : faults_{source, {}, 0}, input_(bytes, faults_), stack_(values_, faults_) {}

  Expected<Pickled> run() {
    if (input_.size() > kMaxModelBytes)
      faults_.refuse(fmt::format("more than {} MiB are not read as a model", kMaxModelBytes >> 20U));
    while (!faults_.error && !stopped_) {
      faults_.offset = input_.offset();
      step(static_cast<Opcode>(input_.byte()));
    }
    if (!faults_.error) finish();
    if (faults_.error) return tl::unexpected(std::move(*faults_.error));
    return Pickled{std::move(values_), root_};
  }

 private:
  void step(Opcode opcode) {
    if (faults_.error) return;
    if (faults_.offset == 0 && opcode != Opcode::kProto)
      return faults_.add("is no pickle of protocol 2 to 5");
    if (!step_literal(opcode) && !step_container(opcode) && !step_object(opcode)) step_control(opcode);
  }

  /// Opcodes that carry a value.
  bool step_literal(Opcode opcode) {
    switch (opcode) {
      case Opcode::kNone:
        stack_.push({});
        return true;
      case Opcode::kNewTrue:
      case Opcode::kNewFalse:
        stack_.push({.kind = ValueKind::kTruth, .flag = opcode == Opcode::kNewTrue});
        return true;
      case Opcode::kBinInt:
        push_integer(static_cast<std::int32_t>(input_.little_endian(4)));
        return true;
      case Opcode::kBinInt1:
        push_integer(static_cast<std::int64_t>(input_.little_endian(1)));
        return true;
      case Opcode::kBinInt2:
        push_integer(static_cast<std::int64_t>(input_.little_endian(2)));
        return true;
      case Opcode::kLong1:
        push_long(input_.take(input_.little_endian(1)));
        return true;
      case Opcode::kBinFloat: {
        Value value{.kind = ValueKind::kReal};
        value.real = input_.big_endian_double();
        stack_.push(std::move(value));
        return true;
      }
      case Opcode::kShortBinUnicode:
        push_text(ValueKind::kText, 1);
        return true;
      case Opcode::kBinUnicode:
        push_text(ValueKind::kText, 4);
        return true;
      case Opcode::kBinUnicode8:
        push_text(ValueKind::kText, 8);
        return true;
      case Opcode::kShortBinBytes:
        push_text(ValueKind::kBytes, 1);
        return true;
      case Opcode::kBinBytes:
        push_text(ValueKind::kBytes, 4);
        return true;
      case Opcode::kBinBytes8:
      case Opcode::kByteArray8:
        push_text(ValueKind::kBytes, 8);
        return true;
      default:
        return false;
    }
  }

  bool step_container(Opcode opcode) {
    switch (opcode) {
      case Opcode::kEmptyTuple:
        stack_.push({.kind = ValueKind::kTuple});
        return true;
      case Opcode::kEmptyList:
        stack_.push({.kind = ValueKind::kList});
        return true;
      case Opcode::kEmptyDict:
        stack_.push({.kind = ValueKind::kDict});
        return true;
      case Opcode::kEmptySet:
        stack_.push({.kind = ValueKind::kSet});
        return true;
      case Opcode::kTuple:
        stack_.push_container(ValueKind::kTuple, stack_.pop_to_mark());
        return true;
      case Opcode::kTuple1:
        stack_.push_container(ValueKind::kTuple, stack_.pop(1));
        return true;
      case Opcode::kTuple2:
        stack_.push_container(ValueKind::kTuple, stack_.pop(2));
        return true;
      case Opcode::kTuple3:
        stack_.push_container(ValueKind::kTuple, stack_.pop(3));
        return true;
      case Opcode::kFrozenSet:
        stack_.push_container(ValueKind::kSet, stack_.pop_to_mark());
        return true;
      case Opcode::kAppend:
        fill(ValueKind::kList, stack_.pop(1));
        return true;
      case Opcode::kAppends:
        fill(ValueKind::kList, stack_.pop_to_mark());
        return true;
      case Opcode::kAddItems:
        fill(ValueKind::kSet, stack_.pop_to_mark());
        return true;
      case Opcode::kSetItem:
        fill(ValueKind::kDict, stack_.pop(2));
        return true;
      case Opcode::kSetItems:
        fill(ValueKind::kDict, stack_.pop_to_mark());
        return true;
      default:
        return false;
    }
  }

  bool step_object(Opcode opcode) {
    switch (opcode) {
      case Opcode::kGlobal:
        push_line();
        push_line();
        stack_.push_container(ValueKind::kGlobal, stack_.pop(2));
        return true;
      case Opcode::kStackGlobal: {
        auto names = stack_.pop(2);
        if (faults_.error) return true;
        if (values_[names[0]].kind != ValueKind::kText || values_[names[1]].kind != ValueKind::kText)
          faults_.add("the name of a global is no text");
        else
          stack_.push_container(ValueKind::kGlobal, std::move(names));
        return true;
      }
      case Opcode::kNewObj:
        make(ValueKind::kObject, stack_.pop(2));
        return true;
      case Opcode::kNewObjEx:
        make(ValueKind::kObject, stack_.pop(3));
        return true;
      case Opcode::kReduce:
        reduce(stack_.pop(2));
        return true;
      case Opcode::kBuild:
        build();
        return true;
      default:
        return false;
    }
  }

  void step_control(Opcode opcode) {
    switch (opcode) {
      case Opcode::kMark:
        return stack_.mark();
      case Opcode::kStop:
        stopped_ = true;
        return;
      case Opcode::kPop:
        return stack_.drop();
      case Opcode::kPopMark:
        stack_.pop_to_mark();
        return;
      case Opcode::kDup:
        return stack_.push_again(stack_.top());
      case Opcode::kBinGet:
        return stack_.push_memo(input_.little_endian(1));
      case Opcode::kLongBinGet:
        return stack_.push_memo(input_.little_endian(4));
      case Opcode::kBinPut:
        return stack_.put_memo(input_.little_endian(1));
      case Opcode::kLongBinPut:
        return stack_.put_memo(input_.little_endian(4));
      case Opcode::kMemoize:
        return stack_.memoize();
      case Opcode::kProto: {
        const auto protocol = input_.little_endian(1);
        if (faults_.offset != 0 || protocol < 2 || protocol > 5)
          faults_.add(fmt::format("is no pickle of protocol 2 to 5 (protocol {})", protocol));
        return;
      }
      case Opcode::kFrame:
        if (input_.little_endian(8) > input_.left()) faults_.add("a frame ends behind the file's end");
        return;
      default:
        return refuse_opcode(static_cast<unsigned char>(opcode));
    }
  }

  void refuse_opcode(unsigned char byte) {
    const std::string_view name = refused_opcode(byte);
    if (name.empty())
      faults_.add(fmt::format("0x{:02x} is no opcode of a pickle", byte));
    else
      faults_.refuse(fmt::format("the opcode {} is not read: models do without it", name));
  }

  void push_integer(std::int64_t integer) {
    Value value{.kind = ValueKind::kInteger};
    value.integer = integer;
    stack_.push(std::move(value));
  }

  /// Two's complement, little endian. What does not fit 64 bits is kept out of use.
  void push_long(std::string_view bytes) {
    if (bytes.size() > sizeof(std::int64_t)) {
      stack_.push({.kind = ValueKind::kOpaque, .text = "a whole number of more than 64 bits"});
      return;
    }
    std::uint64_t bits = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0
                             ? ~std::uint64_t{0}
                             : std::uint64_t{0};
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte)
      bits = (bits << 8U) | static_cast<unsigned char>(*byte);
    push_integer(static_cast<std::int64_t>(bits));
  }

  void push_text(ValueKind kind, std::size_t length_bytes) {
    const std::string_view text = input_.take(input_.little_endian(length_bytes));
    stack_.push({.kind = kind, .text = text});
  }

  void push_line() { stack_.push({.kind = ValueKind::kText, .text = input_.line()}); }

  /// Objects of unknown classes may be filled like a list or a dict; they are marked, so that nobody uses
  /// them.
  void fill(ValueKind kind, const std::vector<ValueId>& items) {
    const ValueId id = stack_.top();
    if (faults_.error) return;
    Value& target = values_[id];
    if (target.kind == ValueKind::kObject || target.kind == ValueKind::kCall) {
      target.flag = true;
      return;
    }
    if (target.kind != kind) return faults_.add(fmt::format("{} gets items", described(values_, id)));
    if (kind == ValueKind::kDict && items.size() % 2 != 0) return faults_.add("a key has no value");
    stack_.link(items.size());
    target.items.insert(target.items.end(), items.begin(), items.end());
  }

  void make(ValueKind kind, std::vector<ValueId> parts) {
    if (faults_.error) return;
    if (values_[parts[1]].kind != ValueKind::kTuple)
      return faults_.add(fmt::format("the arguments of {} are no tuple", described(values_, parts[0])));
    stack_.push_container(kind, std::move(parts));
  }

  /// Notes a call. Two of cloudpickle's functions work by what they do to their argument: the state is put
  /// where it belongs, as BUILD would.
  void reduce(const std::vector<ValueId>& parts) {
    if (faults_.error) return;
    const ValueId callable = parts[0];
    const auto& arguments = values_[parts[1]];
    for (const std::string_view module : {kCloudpickle, kCloudpickleFast}) {
      if (arguments.kind != ValueKind::kTuple || arguments.items.size() < 2) break;
      if (is_global(values_, callable, module, "_function_setstate")) {
        set_state(arguments.items[0], arguments.items[1]);
        stack_.push({});
        return;
      }
      if (is_global(values_, callable, module, "_class_setstate"))
        return stack_.push_again(arguments.items[0]);
    }
    make(ValueKind::kCall, parts);
  }

  void build() {
    const auto state = stack_.pop(1);
    const ValueId target = stack_.top();
    if (!faults_.error) set_state(target, state[0]);
  }

  void set_state(ValueId id, ValueId state) {
    Value& target = values_[id];
    if (target.kind != ValueKind::kObject && target.kind != ValueKind::kCall)
      return faults_.add(fmt::format("{} gets a state", described(values_, id)));
    if (target.state != kNoValue) return faults_.add(described(values_, id) + " gets a second state");
    target.state = state;
  }

  void finish() {
    if (input_.left() != 0) {
      faults_.offset = input_.offset();
      return faults_.add(fmt::format("{} bytes stand behind the pickle's end", input_.left()));
    }
    root_ = stack_.sole();
  }

  PickleFaults faults_;
  Values values_;
  PickleBytes input_;
  PickleStack stack_;
  ValueId root_ = kNoValue;
  bool stopped_ = false;
};

}  // namespace

Expected<Pickled> read_pickle(std::string_view bytes, std::string_view source) {
  return PickleMachine(bytes, source).run();
}

}  // namespace joulecast::sklearn
