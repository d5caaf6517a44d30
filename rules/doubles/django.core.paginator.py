# What Django's pagination does with the rows it is given, and nothing else of it.
# Source: https://github.com/django/django/blob/6.0/django/core/paginator.py
from functools import cached_property

RULE = "DAM409"


class Paginator:
    def __init__(self, object_list, per_page, orphans=0, allow_empty_first_page=True, error_messages=None):
        self.object_list = object_list
        self.per_page = per_page

    def __iter__(self):
        for number in self.page_range:
            yield self.page(number)

    def validate_number(self, number):
        self.num_pages
        return number

    def get_page(self, number):
        return self.page(number)

    def page(self, number):
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        top = bottom + self.per_page
        self.count
        return self._get_page(self.object_list[bottom:top], number, self)

    def _get_page(self, *args, **kwargs):
        return Page(*args, **kwargs)

    @cached_property
    def count(self):
        return self.object_list.count()

    @cached_property
    def num_pages(self):
        return self.count // self.per_page

    @property
    def page_range(self):
        return range(1, self.num_pages + 1)

    def get_elided_page_range(self, number=1, *, on_each_side=3, on_ends=2):
        self.validate_number(number)
        yield number


class Page:
    def __init__(self, object_list, number, paginator):
        self.object_list = object_list
        self.number = number
        self.paginator = paginator

    def __repr__(self):
        return "<Page %s of %s>" % (self.number, self.paginator.num_pages)

    def __len__(self):
        return len(self.object_list)

    def __iter__(self):
        self.object_list = list(self.object_list)
        return iter(self.object_list)

    def __getitem__(self, index):
        self.object_list = list(self.object_list)
        return self.object_list[index]

    def has_next(self):
        return self.number < self.paginator.num_pages

    def has_previous(self):
        return self.number > 1

    def has_other_pages(self):
        return self.has_previous() or self.has_next()

    def next_page_number(self):
        return self.paginator.validate_number(self.number + 1)

    def previous_page_number(self):
        return self.paginator.validate_number(self.number - 1)

    def start_index(self):
        return self.paginator.count

    def end_index(self):
        return self.paginator.num_pages


class AsyncPaginator:
    def __init__(self, object_list, per_page, orphans=0, allow_empty_first_page=True, error_messages=None):
        self.object_list = object_list
        self.per_page = per_page

    async def acount(self):
        return await self.object_list.acount()

    async def anum_pages(self):
        return await self.acount() // self.per_page

    async def apage_range(self):
        return range(1, await self.anum_pages() + 1)

    async def aget_page(self, number):
        return await self.apage(number)

    async def apage(self, number):
        bottom = (number - 1) * self.per_page
        return self._get_page(self.object_list[bottom : bottom + self.per_page], number, self)

    def _get_page(self, *args, **kwargs):
        return AsyncPage(*args, **kwargs)


class AsyncPage:
    def __init__(self, object_list, number, paginator):
        self.object_list = object_list
        self.number = number
        self.paginator = paginator

    async def __aiter__(self):
        async for row in self.object_list:
            yield row

    async def aget_object_list(self):
        self.object_list = [row async for row in self.object_list]
        return self.object_list

    async def alen(self):
        return len(await self.aget_object_list())

    async def ahas_next(self):
        return self.number < await self.paginator.anum_pages()

    async def ahas_previous(self):
        return self.number > 1

    async def ahas_other_pages(self):
        return await self.ahas_next()

    def __len__(self):
        return len(self.object_list) if isinstance(self.object_list, list) else 0

    def __iter__(self):
        return iter(self.object_list if isinstance(self.object_list, list) else [])
