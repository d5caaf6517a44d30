"""Attribute access."""

from __future__ import annotations

import ast
from contextlib import nullcontext

from django_async_migrate.core.effects import Effect
from django_async_migrate.core.record import replace
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.models import MANAGER_ROOTS, ClassMember, ManagerDef, Model
from django_async_migrate.index.modules import Assigned, ExternalRef, ModuleRef
from django_async_migrate.index.relations import Relation
from django_async_migrate.semantics import absent, blocking, externals, instances, querysets, related
from django_async_migrate.values.heap import Dict, Instance, Lazy, Object, QuerySet, Sequence, Slot
from django_async_migrate.values.join import join_values
from django_async_migrate.values.types import (
    NEVER,
    SCALAR,
    Bridge,
    Class,
    Client,
    Const,
    ContextFactory,
    ContextManager,
    Coroutine,
    Descriptor,
    External,
    ExternalObject,
    Func,
    Manager,
    Method,
    ModelClass,
    Module,
    Never,
    Partial,
    Pattern,
    Property,
    Ready,
    Ref,
    RelatedManager,
    Scalar,
    Super,
    Tuple,
    Unknown,
    Value,
    alternatives,
    is_foreign,
)

from .foreign import FOREIGN, FOREIGN_SELF, SESSION, SESSION_FACTS, SESSION_WRITES
from .narrow import Narrowing
from .operators import own_class

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "Choices", "TextChoices", "IntegerChoices"})
_MANAGER_NAMES = frozenset({"objects", "_default_manager", "_base_manager"})


def is_enum(cls: ClassInfo) -> bool:
    """Whether a class is an enumeration: its members are objects of its own class."""
    return any(base.rpartition(".")[2] in _ENUMS for base in cls.externals)


class Objects(Narrowing):
    """Reads attributes of values."""

    def attribute(self, value: Value, name: str, node: ast.AST) -> Value:
        lazy = self.state(value)
        if isinstance(lazy, Lazy) and lazy.func == External(SESSION) and (lazy.value is None or name in SESSION_WRITES):
            missing = absent.gap(self, value, name) if name[:1] == "a" else None
            if missing is not None:
                return self._lacking(missing, node)
            return SCALAR if name in SESSION_FACTS else Method(value, name)  # the call of it loads the session
        value = self.force(value, node)
        parts = alternatives(value)
        if len(parts) == 1:
            return self._attribute_of(parts[0], name, node)
        real = [part for part in parts if not isinstance(part, Const) or part.value is not None]
        result: Value = NEVER
        if len(real) == 1:
            return self.attribute(real[0], name, node)
        with self.doubted():
            for part in real:
                result = join_values(result, self.attribute(part, name, node), self.env.heap)
        return result

    def _attribute_of(self, value: Value, name: str, node: ast.AST) -> Value:
        if absent.may_be_absent(name):
            missing = absent.gap(self, value, name)
            if missing is not None and (not missing.awaited or node is self.awaited):
                return self._lacking(missing, node)
        if isinstance(value, Unknown):
            self.unsure()
        if isinstance(value, External):
            externals.read(self, f"{value.api}.{name}", node)
        if name == "in_atomic_block" and (is_foreign(value) or isinstance(value, External)):
            return Const(False)  # of a connection: atomic() raises on the event loop, so nothing there is inside one
        if isinstance(value, Ref):
            return self._of_state(value, name, node)
        if isinstance(value, (Const, Scalar)):
            if isinstance(value, Const) and value.value is None:
                return NEVER
            return Method(value, name)
        if isinstance(value, (Tuple, Pattern, ContextManager)):
            return Method(value, name)
        if isinstance(value, Module):
            found = self.engine.definition_value(self, self.project.attribute(ModuleRef(value.path), name))
            return found or Unknown(f"attribute {name} of a module")
        if isinstance(value, External):
            if name in _MANAGER_NAMES and value.api.rpartition(".")[2][:1].isupper():
                foreign = self.project.models.foreign(value.api)
                return Manager(foreign, None, certain=False) if foreign is not None else Unknown("foreign class")
            definitions = self.project.attribute(ExternalRef(value.api), name)
            return self.engine.definition_value(self, definitions) or External(f"{value.api}.{name}")
        if isinstance(value, Descriptor):
            return self._through(value.relation) if name == "through" else Method(value, name)
        if isinstance(value, ModelClass):
            return self._of_model_class(value.model, name, node)
        if isinstance(value, Class):
            return self._of_class(value.cls, name, node)
        if isinstance(value, Manager):
            return self._of_manager(value, value.cls, name, node)
        if isinstance(value, RelatedManager):
            target = value.relation.target
            cls = target.default_manager.cls if target is not None else None
            return self._of_manager(value, cls, name, node)
        if isinstance(value, Super):
            return self._of_super(value, name, node)
        if isinstance(value, Client):
            return blocking.attribute(self, value, name, node)
        if isinstance(value, (ExternalObject, Coroutine, Ready)):
            return Method(value, name)
        if isinstance(value, (Func, Partial, Bridge, ContextFactory)):
            return self._of_callable(value, name)
        if isinstance(value, Never):
            return NEVER
        if name in _MANAGER_NAMES and is_foreign(value):
            return Manager(None, None, certain=False)
        if isinstance(value, Unknown) or (isinstance(value, Method) and (is_foreign(value) or blocking.is_part(value))):
            return Method(value, name)
        return Unknown(f"attribute {name}")

    def _lacking(self, missing: absent.Gap, node: ast.AST) -> Value:
        """Read an attribute that is not there: in a thread, too, and whoever calls."""
        if self.alive and not self._doubts and not self.guarded and self.fn is not None:
            effect = Effect(
                "absent", self.site(node), missing.message, missing.advice, rule=missing.rule, about=missing.about
            )
            self.engine.outcome.absent.setdefault(node, (self.fn, effect))
        return Unknown("attribute that is not there")

    def _of_callable(self, value: Value, name: str) -> Value:
        if isinstance(value, Partial) and name == "func":
            return value.func
        if name in {"__wrapped__", "func"} and isinstance(value, Bridge):
            return value.func
        if name in {"__name__", "__qualname__", "__doc__", "__module__"}:
            return Scalar("str")
        return Method(value, name)

    def _of_state(self, ref: Ref, name: str, node: ast.AST) -> Value:
        state = self.state(ref)
        if isinstance(state, Instance):
            return self._of_instance(ref, state, name, node)
        if isinstance(state, QuerySet):
            found = state.cls.find(name) if state.cls is not None else None
            if found is not None:
                return self.engine.bind_member(self, found[0], found[1], ref, node)
            if name == "model":
                return ModelClass(state.model) if state.model is not None else Unknown("model of a queryset")
            if name in {"query", "db", "ordered"}:
                return SCALAR
            return Method(ref, name)
        if isinstance(state, (Sequence, Dict)):
            return Method(ref, name)
        if isinstance(state, Object):
            return self._of_object(ref, state, name, node)
        return Unknown("attribute of a lost object")

    def _of_instance(self, ref: Ref, inst: Instance, name: str, node: ast.AST) -> Value:
        if name == "__class__":
            return ModelClass(inst.model)
        if name == "__dict__":
            return self.alloc(node, Dict({}, SCALAR, SCALAR), "__dict__")
        found = instances.stock_attribute(self, ref, inst, name, node)
        if found is not None:
            return found
        member = inst.model.member(name)
        if isinstance(member, ClassMember):
            return self.engine.bind_member(self, member.owner, member.member, ref, node)
        fallback = self.dunder(ref, inst, "__getattr__", [Const(name)], node)
        if fallback is not None:
            return fallback
        if inst.model.cls is not None and name in inst.model.cls.self_stores:
            return Unknown("attribute set on a model instance")
        return self.unknown(f"attribute of {inst.model.name}")

    def _of_object(self, ref: Ref, state: Object, name: str, node: ast.AST) -> Value:
        slot = state.attrs.get(name)
        if slot is not None:
            return slot.value
        if state.cls is FOREIGN:
            if name == "auser" and "session" in state.attrs:
                with self.muted():
                    self.force(state.attrs["session"].value, node)
            return self._attribute_of(state.attrs[FOREIGN_SELF].value, name, node)
        if name == "__class__":
            return Class(state.cls)
        found = state.cls.find(name)
        stored = self.engine.stored_by_methods(self, ref, state, name)
        if stored is not None and (found is None or not isinstance(found[1], (FunctionInfo, ClassInfo))):
            if found is not None and getattr(found[1], "value", None) is not None:
                stored = join_values(
                    stored, self.engine.bind_member(self, found[0], found[1], ref, node), self.env.heap
                )
            self._keep_attribute(ref, name, stored)
            return stored
        if found is not None:
            value = self.engine.bind_member(self, found[0], found[1], ref, node)
            if not isinstance(found[1], FunctionInfo) and any(isinstance(p, Ref) for p in alternatives(value)):
                self._keep_attribute(ref, name, value)
            return value
        generic = self.engine.framework_attribute(self, ref, state, name, node)
        if generic is not None:
            if isinstance(self.state(generic), (Dict, Object)):
                self._keep_attribute(ref, name, generic)
            return generic
        if not name.startswith("__"):
            fallback = self.dunder(ref, state, "__getattr__", [Const(name)], node)
            if fallback is not None:
                return fallback
        return Method(ref, name) if state.cls.externals else self.unknown("attribute nobody sets")

    def _keep_attribute(self, ref: Ref, name: str, value: Value) -> None:
        state = self.state(ref)
        if isinstance(state, Object):
            self.put(ref, replace(state, attrs={**state.attrs, name: Slot(value)}))

    def _of_model_class(self, model: Model, name: str, node: ast.AST) -> Value:
        if name in {"__name__", "__qualname__"}:
            return Const(model.name)
        if name in {"_default_manager", "_base_manager"}:
            definition = model.default_manager
            return Manager(model, definition.cls if name == "_default_manager" else None)
        declared = model.managers.get(name)
        if declared is not None:
            known = declared.api is None or declared.api in self.catalog.managers or declared.api in MANAGER_ROOTS
            return Manager(model, declared.cls, known or declared.cls is not None, declared.api)
        if name == "objects":
            return Manager(model, None)
        relation = model.member(name)
        if isinstance(relation, Relation):
            return Descriptor(relation)
        member = model.own.get(name) or next((b.own[name] for b in model.bases if name in b.own), None)
        if isinstance(member, ManagerDef):
            return Manager(model, member.cls)
        if isinstance(member, ClassMember):
            return self.engine.bind_member(self, member.owner, member.member, None, node, ModelClass(model))
        if model.cls is not None:
            found = model.cls.find(name)
            if found is not None:
                return self.engine.bind_member(self, found[0], found[1], None, node, ModelClass(model))
        if name in {"DoesNotExist", "MultipleObjectsReturned"}:
            return External(f"{model.key}.{name}")
        stock = self.catalog.model_methods.get(name)
        return Method(ModelClass(model), name) if stock is not None else SCALAR

    def _of_class(self, cls: ClassInfo, name: str, node: ast.AST) -> Value:
        found = cls.find(name)
        if found is not None and is_enum(cls) and isinstance(found[1], Assigned) and not name.startswith("_"):
            value = self.engine.bind_member(self, found[0], found[1], None, node, Class(cls))
            slots = {"value": Slot(value), "_value_": Slot(value), "name": Slot(Const(name))}
            return self.alloc(("member", cls, name), Object(cls, slots, whole=True))
        if found is not None:
            return self.engine.bind_member(self, found[0], found[1], None, node, Class(cls))
        if name in {"__name__", "__qualname__"}:
            return Const(cls.name)
        if name in {"__module__", "__doc__"}:
            return Scalar("str")
        if name == "objects" and any("Document" not in base for base in cls.externals):
            return Unknown("objects of a class that is no model")
        return Method(Class(cls), name)

    def _of_manager(self, value: Value, cls: ClassInfo | None, name: str, node: ast.AST) -> Value:
        found = cls.find(name) if cls is not None else None
        if found is not None:
            if querysets.is_queryset_class(found[0]):  # copied by from_queryset: runs on the queryset
                base = related.as_queryset(self, value, node)
                return self.engine.bind_member(self, found[0], found[1], base, node)
            bound = self.engine.bind_member(self, found[0], found[1], value, node)
            if not isinstance(bound, Unknown):
                return bound
        if name == "model":
            model = value.model if isinstance(value, Manager) else None
            if isinstance(value, RelatedManager):
                model = value.relation.target
            return ModelClass(model) if model is not None else Unknown("model of a manager")
        if name == "instance" and isinstance(value, RelatedManager):
            return value.owner
        if name == "through" and isinstance(value, RelatedManager):
            return self._through(value.relation)
        return Method(value, name)

    def _through(self, relation: Relation) -> Value:
        """Return the model of a many-to-many relation's rows; the one Django makes itself is not in the index."""
        through = relation.through
        return ModelClass(through) if through is not None else Unknown("model of a many-to-many relation")

    def _of_super(self, value: Super, name: str, node: ast.AST) -> Value:
        receiver = value.receiver
        state = self.state(receiver)
        own: ClassInfo | None = value.cls
        if isinstance(state, (Object,)):
            own = state.cls
        elif isinstance(state, Instance):
            own = state.model.cls
        elif isinstance(state, QuerySet):
            own = state.cls if state.cls is not None and state.cls.derives_from(value.cls) else state.manager
        elif isinstance(receiver, Manager):
            own = receiver.cls
        elif isinstance(receiver, RelatedManager):
            target = receiver.relation.target
            own = target.default_manager.cls if target is not None else None
        elif isinstance(receiver, Class):
            own = receiver.cls
        elif isinstance(receiver, ModelClass):
            own = receiver.model.cls
        if own is None or not own.derives_from(value.cls):
            own = value.cls
        found = own.find_after(value.cls, name)
        if found is not None:
            if isinstance(receiver, (Class, ModelClass)):
                return self.engine.bind_member(self, found[0], found[1], None, node, receiver)
            return self.engine.bind_member(self, found[0], found[1], receiver, node)
        if isinstance(state, Instance) and isinstance(receiver, Ref):
            return Method(receiver, name)
        return Method(receiver, name)

    def names_like(self, value: Value, prefix: str, suffix: str) -> list[str]:
        """Return the members of an object's or class's project class whose names fit."""
        state = self.state(value)
        cls = value.cls if isinstance(value, Class) else own_class(state)
        names = {
            name
            for entry in (cls.mro if cls is not None else ())
            for name, member in entry.members.items()
            if name.startswith(prefix) and name.endswith(suffix) and isinstance(member, FunctionInfo)
        }
        return sorted(names) if len(names) <= 8 else []

    def property_value(self, getter: Property, receiver: Value, name: str, node: ast.AST) -> Value:
        """Run a property; a cached one remembers its result on the instance."""
        func = getter.getter
        bound = Func(func.fn, receiver, func.closure) if isinstance(func, Func) else func
        args = () if isinstance(func, Func) else (receiver,)
        state = self.state(receiver)
        # An object that was made elsewhere may have been prepared there, when its class has a way to do so.
        ready = (
            getter.cached
            and isinstance(state, Object)
            and not state.whole
            and any(name in cls.primed_in_threads for cls in state.cls.mro)
        )
        with self.muted() if ready else nullcontext():
            value = self.call(bound, args, (), node, implicit=True)
        if getter.cached and isinstance(receiver, Ref):
            state = self.state(receiver)
            if isinstance(state, Object):
                self._keep_attribute(receiver, name, value)
            elif isinstance(state, Instance):
                self.put(receiver, replace(state, slots={**state.slots, name: Slot(value)}))
        return value
