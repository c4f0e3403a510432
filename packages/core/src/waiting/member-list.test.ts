import { describe, expect, test } from '@jest/globals';
import { MemberList, type ListMember } from './member-list.ts';

class Member implements ListMember<Member> {
  older: Member | undefined;
  newer: Member | undefined;
}

function listOf(count: number): { list: MemberList<Member>; members: Member[] } {
  const members = Array.from({ length: count }, () => new Member());
  const list = new MemberList<Member>();
  for (const member of members) list.add(member);
  return { list, members };
}

describe('MemberList', () => {
  test('lists its members, oldest first', () => {
    const { list, members } = listOf(3);
    expect([...list]).toEqual(members);
    expect(list.size).toBe(3);
  });

  test.each([0, 1, 2])('removes a member from any place (%i of 3)', (index) => {
    const { list, members } = listOf(3);
    const [removed] = members.splice(index, 1) as [Member];
    list.remove(removed);
    expect([...list]).toEqual(members);
    expect(list.size).toBe(2);
    list.add(removed);
    expect([...list]).toEqual([...members, removed]);
  });

  test('a removed member refers to no other, so that it keeps nothing alive', () => {
    const { list, members } = listOf(5);
    for (const member of members.toReversed()) list.remove(member);
    for (const { older, newer } of members) expect([older, newer]).toEqual([undefined, undefined]);
    expect([...list]).toEqual([]);
    expect(list.size).toBe(0);
  });

  test('removing what is not in the list changes nothing', () => {
    const { list, members } = listOf(1);
    const [member] = members as [Member];
    list.remove(new Member());
    list.remove(member);
    list.remove(member);
    expect(list.size).toBe(0);
  });

  test('a cleared list is empty, and takes its members again', () => {
    const { list, members } = listOf(3);
    list.clear();
    expect([...list]).toEqual([]);
    expect(list.size).toBe(0);
    for (const member of members) list.add(member);
    expect([...list]).toEqual(members);
  });

  test('a loop over it may remove and add any member', () => {
    const { list, members } = listOf(3);
    const seen: Member[] = [];
    for (const member of list) {
      seen.push(member);
      list.clear();
      list.add(new Member());
    }
    expect(seen).toEqual(members);
    expect(list.size).toBe(1);
  });
});
