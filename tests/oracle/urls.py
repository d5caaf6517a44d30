"""The URLs of a case that has none."""

urlpatterns: list[object] = []
