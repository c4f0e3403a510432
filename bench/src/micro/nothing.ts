/** What Node needs for itself: it says that it is there, and that is all. */

console.log('ready 0');
